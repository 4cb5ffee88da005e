/** The compiled module and the workers that share it. */

import { TensorferryError } from "./errors.js";
import { Model } from "./model.js";
import { OpenedModel, PlanningWorker } from "./planning.js";
import { bytesAt, cores, makeWorker } from "./platform.js";
import { Pool } from "./pool.js";
import type { ConverterWorker, WorkerFactory } from "./worker-slot.js";
import type { StartMessage } from "./worker/messages.js";

export interface RuntimeOptions {
  /** Where `tensorferry.wasm` is. Default: beside this script. */
  wasmUrl?: string | URL;
  /** What `tensorferry.wasm` must be: a hash in the notation of `integrity` attributes. */
  wasmIntegrity?: string;
  /** The module itself, where it is at hand: then nothing is loaded. */
  wasmBytes?: BufferSource;
  /** How many workers produce. Default: the number of cores, at most 4. */
  workers?: number;
}

const MOST_WORKERS = 4;

export class Runtime {
  private readonly planning: PlanningWorker;
  private readonly pool: Pool;
  private readonly makeWorker: WorkerFactory;

  /** Compiles the module; no worker is made before a file is opened, and no request after this. */
  static async load(options: RuntimeOptions = {}): Promise<Runtime> {
    const workers = options.workers ?? Math.min(MOST_WORKERS, cores());
    return new Runtime(await compiledOnce(options), Math.max(1, workers));
  }

  private constructor(module: WebAssembly.Module, workers: number) {
    this.makeWorker = () => startWorker(module);
    this.planning = new PlanningWorker(this.makeWorker);
    this.pool = new Pool(this.makeWorker, workers);
  }

  /**
   * Makes the worker that opens and plans, so that the first file need not wait for it. A page that
   * locks itself calls it after that: a worker keeps the CSP that it was made under.
   */
  prepare(): void {
    this.planning.start();
  }

  /**
   * Which of these files make up a model each: a whole model is one alone, weights go with their
   * architecture, shards with their list. Told by contents; names and folders decide where there
   * are several. Files that are nothing of a model are left out.
   */
  async findModels(files: readonly File[], paths = files.map(pathOf)): Promise<File[][]> {
    const groups = await this.planning.findModels(files, paths);
    return groups.map((group) => group.flatMap((index) => files[index] ?? []));
  }

  /** Opens the one model that these files hold: a model, or an architecture JSON and weights. */
  async open(files: Iterable<File>): Promise<Model> {
    const opened = new OpenedModel(this.planning, [...files]);
    return new Model(opened, await opened.open(), this.pool, this.makeWorker);
  }

  /** Ends all workers; what is under way fails. */
  close(): void {
    const reason = new TensorferryError("closed", "The converter was closed.");
    this.planning.stop(reason);
    this.pool.stop(reason);
  }
}

function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

function compiledOnce(options: RuntimeOptions): Promise<WebAssembly.Module> {
  const key = moduleKey(options);
  const known = modules.get(key);
  if (known) return known;
  const compiling = options.wasmBytes
    ? WebAssembly.compile(options.wasmBytes)
    : compiled(moduleUrl(options), options.wasmIntegrity);
  modules.set(key, compiling);
  compiling.catch(() => modules.delete(key));
  return compiling;
}

function moduleUrl({ wasmUrl }: RuntimeOptions): string {
  return String(wasmUrl ?? new URL("tensorferry.wasm", import.meta.url));
}

function moduleKey(options: RuntimeOptions): string {
  return options.wasmBytes ? "bytes" : moduleUrl(options);
}

async function compiled(url: string, integrity = ""): Promise<WebAssembly.Module> {
  try {
    // Not every static host knows the media type that compileStreaming insists on.
    return await WebAssembly.compile(await bytesAt(url, integrity));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TensorferryError("module-unavailable", `Loading ${url} failed: ${reason}.`);
  }
}

function startWorker(module: WebAssembly.Module): ConverterWorker {
  const worker = makeWorker();
  worker.postMessage({ module } satisfies StartMessage);
  return worker;
}

const shared = new Map<string, Promise<Runtime>>();

/**
 * The one of a page: what asks for the same module gets the same workers, which are made under the
 * page's policy of that time. So what is opened behind the lock has a runtime apart.
 */
export function sharedRuntime(options: RuntimeOptions, locked = false): Promise<Runtime> {
  const key = `${moduleKey(options)} ${locked}`;
  const known = shared.get(key);
  if (known) return known;
  const loading = Runtime.load(options);
  shared.set(key, loading);
  loading.catch(() => shared.delete(key));
  return loading;
}
