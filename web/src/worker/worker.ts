/**
 * A worker's whole program. The build puts emscripten's glue (which defines `createTensorferry`)
 * before it and makes one text of both, from which all workers are made.
 */

import { type ErrorMessage, TensorferryError } from "../errors.js";
import { fileSource } from "./file-source.js";
import type { CallMessage, StartMessage, WorkerMessage } from "./messages.js";
import type { Converter, Module, ModuleSettings } from "./module.js";
import { valueOf } from "./module.js";
import { Planner } from "./planner.js";
import { Producer, crcOf, sourceOf } from "./produce.js";
import { Progress } from "./progress.js";

declare function createTensorferry(settings: ModuleSettings): Promise<Module>;

class Instance {
  private readonly planner: Planner;
  private readonly producer: Producer;

  constructor(private readonly converter: Converter) {
    this.planner = new Planner(converter);
    this.producer = new Producer(converter);
  }

  static async start(compiled: WebAssembly.Module): Promise<Instance> {
    const module = await createTensorferry({
      instantiateWasm(imports, done) {
        void WebAssembly.instantiate(compiled, imports).then((made) => done(made, compiled));
        return {};
      },
    });
    return new Instance(new module.Converter());
  }

  async answer(message: CallMessage): Promise<unknown> {
    const progress = new Progress((bytes) => post({ id: message.id, progress: bytes }));
    const sources = (files: readonly File[]) =>
      files.map((file) => fileSource(file, () => progress.add(0)));
    switch (message.call) {
      case "findModels": {
        const { files, paths } = message.arguments;
        const named = sources(files).map((source, i) => ({ ...source, name: paths[i] ?? "" }));
        return valueOf(this.converter.findModels(named));
      }
      case "open":
        return this.planner.open(sources(message.arguments.files));
      case "matchTargets":
        return valueOf(this.converter.matchTargets());
      case "readStateDict": {
        const [source] = sources([message.arguments.file]);
        if (!source) throw new Error("there is no file");
        return valueOf(this.converter.readStateDict(source));
      }
      case "close":
        return this.planner.close(message.arguments.handle);
      case "statistics": {
        const { handle, tensor } = message.arguments;
        return valueOf(this.converter.statistics(handle, tensor, progress.add));
      }
      case "probeInputs":
        return this.planner.probeInputs(message.arguments.handle, message.arguments.attempt);
      case "evaluate": {
        const { handle, inputs, options } = message.arguments;
        return this.planner.evaluate(handle, inputs, options, () => progress.add(0));
      }
      case "plan":
        return this.planner.plan(message.arguments.handle, message.arguments.options);
      case "releasePlan":
        return this.planner.releasePlan(message.arguments.plan);
      case "steps": {
        const { plan, file, ranges, results } = message.arguments;
        return this.planner.steps(plan, file, ranges, results);
      }
      case "reduceJob": {
        const { plan, reduce, results } = message.arguments;
        return this.planner.reduceJob(plan, reduce, results);
      }
      case "produce": {
        const { files } = message.arguments;
        return this.producer.produce(sources(files), message.arguments, progress.add);
      }
      case "crc": {
        const { files, file, offset, length } = message.arguments;
        const source = sourceOf(sources(files), file);
        return crcOf(this.converter, source, offset, length, progress.add);
      }
      case "reduce": {
        const { files, job } = message.arguments;
        return valueOf(this.converter.reduce(job, sources(files), progress.add));
      }
    }
  }
}

/**
 * An error that the module or a reader stated. Anything else means that the instance may be broken,
 * "internal" too: so the module calls what it did not foresee, such as an end of memory.
 */
function statedError(error: unknown): ErrorMessage | undefined {
  if (error instanceof DOMException) {
    return {
      code: "read-failed",
      message: `The browser could not read the file: ${error.message}`,
    };
  }
  if (!(error instanceof TensorferryError) || error.code === "internal") return undefined;
  return { code: error.code, message: error.message, notes: [...error.notes] };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function post(message: WorkerMessage): void {
  postMessage(message);
}

let instance: Promise<Instance> | undefined;

addEventListener("message", (event: MessageEvent<StartMessage | CallMessage>) => {
  const message = event.data;
  if ("module" in message) {
    instance = Instance.start(message.module);
    return;
  }
  void (async () => {
    try {
      if (!instance) throw new Error("a call came before the module");
      post({ id: message.id, ok: await (await instance).answer(message) });
    } catch (error) {
      const stated = statedError(error);
      post(stated ? { id: message.id, error: stated } : { id: message.id, fatal: reasonOf(error) });
    }
  })();
});
