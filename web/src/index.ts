/**
 * Opens Keras models and converts them, in a pool of workers.
 *
 * @module tensorferry
 */

import type { Model } from "./model.js";
import { type RuntimeOptions, sharedRuntime } from "./runtime.js";

export type { Bundle, OutputFile, ProduceOptions } from "./bundle.js";
export { TensorferryError } from "./errors.js";
export type {
  Inspection,
  LayerSummary,
  Note,
  Port,
  Shape,
  TensorStatistics,
  TrainingSummary,
  WeightSummary,
} from "./inspection.js";
export { CERTAIN, type MappedLayer, type MappingRow, type MatchTarget } from "./match.js";
export type { Model } from "./model.js";
export type * from "./options.js";
export type { LayerLines } from "./plan.js";
export type { Progress } from "./progress.js";
export type { EvaluateOptions, Evaluated, LayerStep, ProbeInputs, Reference } from "./reference.js";
export { Runtime, type RuntimeOptions } from "./runtime.js";

/**
 * Opens the one model that these files hold. The module is loaded once for each `wasmUrl`, with the
 * first call's options; `Runtime.load` does it ahead and by itself.
 *
 * @example In a browser
 * ```ts
 * import { open } from "tensorferry";
 *
 * export async function zipForPyTorch(file: File): Promise<Blob> {
 *   const model = await open([file]);
 *   const bundle = await model.convert({ target: "pytorch", zip: "model.zip" });
 *   const [{ blob }] = await bundle.blobs();
 *   await model.close();
 *   return blob;
 * }
 * ```
 *
 * @example In Node, with a file that is read as it is needed
 * ```ts
 * import { openAsBlob } from "node:fs";
 * import { open } from "tensorferry";
 *
 * const file = new File([await openAsBlob("model.h5")], "model.h5");
 * const model = await open([file]);
 * console.log(model.inspect().layers.map(({ name }) => name));
 * ```
 */
export async function open(files: Iterable<File>, options: RuntimeOptions = {}): Promise<Model> {
  return (await sharedRuntime(options)).open(files);
}
