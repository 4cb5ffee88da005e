/** The compiled module and the workers that share it. */

import workerSource from "worker-source";
import { TensorferryError } from "./errors.js";
import { Model } from "./model.js";
import { OpenedModel, PlanningWorker } from "./planning.js";
import { Pool } from "./pool.js";
import type { StartMessage } from "./worker/messages.js";

export interface RuntimeOptions {
  /** Where `tensorferry.wasm` is. Default: beside this script. */
  wasmUrl?: string | URL;
  /** How many workers produce. Default: the number of cores, at most 4. */
  workers?: number;
}

const MOST_WORKERS = 4;

export class Runtime {
  private readonly planning: PlanningWorker;
  private readonly pool: Pool;

  /** Compiles the module; no worker is made before a file is opened, and no request after this. */
  static async load(options: RuntimeOptions = {}): Promise<Runtime> {
    const url = options.wasmUrl ?? new URL("tensorferry.wasm", import.meta.url);
    const workers = options.workers ?? Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2);
    return new Runtime(await compiled(url), Math.max(1, workers));
  }

  private constructor(module: WebAssembly.Module, workers: number) {
    const makeWorker = () => startWorker(module);
    this.planning = new PlanningWorker(makeWorker);
    this.pool = new Pool(makeWorker, workers);
  }

  /**
   * Makes the worker that opens and plans, so that the first file need not wait for it. A page that
   * locks itself calls it after that: a worker keeps the CSP that it was made under.
   */
  prepare(): void {
    this.planning.start();
  }

  /** Opens the one model that these files hold: a model, or an architecture JSON and weights. */
  async open(files: Iterable<File>): Promise<Model> {
    const opened = new OpenedModel(this.planning, [...files]);
    return new Model(opened, await opened.open(), this.pool);
  }

  /** Ends all workers; what is under way fails. */
  close(): void {
    const reason = new TensorferryError("closed", "The converter was closed.");
    this.planning.stop(reason);
    this.pool.stop(reason);
  }
}

async function compiled(url: string | URL): Promise<WebAssembly.Module> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    // Not every static host knows the media type that compileStreaming insists on.
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TensorferryError("module-unavailable", `Loading ${String(url)} failed: ${reason}.`);
  }
}

/**
 * A worker from a Blob takes over the page's CSP at that moment (one with a URL takes the headers
 * of its host), so that the lock of the page binds workers made after it.
 */
function startWorker(module: WebAssembly.Module): Worker {
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "tensorferry" });
  URL.revokeObjectURL(url);
  worker.postMessage({ module } satisfies StartMessage);
  return worker;
}
