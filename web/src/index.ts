/**
 * Opens Keras models and converts them, in a pool of workers.
 *
 * @module tensorferry
 */

import type { Model } from "./model.js";
import { Runtime, type RuntimeOptions } from "./runtime.js";

export type { Bundle, OutputFile, ProduceOptions } from "./bundle.js";
export { TensorferryError } from "./errors.js";
export type {
  Inspection,
  LayerSummary,
  Note,
  Port,
  Shape,
  TensorStatistics,
  WeightSummary,
} from "./inspection.js";
export type { Model } from "./model.js";
export type * from "./options.js";
export type { LayerLines } from "./plan.js";
export type { Progress } from "./progress.js";
export { Runtime, type RuntimeOptions } from "./runtime.js";

const runtimes = new Map<string, Promise<Runtime>>();

/**
 * Opens the one model that these files hold. The module is loaded once, with the first call's
 * options for a `wasmUrl`; `Runtime.load` does it ahead and by itself.
 */
export async function open(files: Iterable<File>, options: RuntimeOptions = {}): Promise<Model> {
  const key = String(options.wasmUrl ?? "");
  const runtime = runtimes.get(key) ?? Runtime.load(options);
  runtimes.set(key, runtime);
  runtime.catch(() => runtimes.delete(key));
  return (await runtime).open(files);
}
