/** What the page and the worker of TensorFlow.js say to each other: one request, one answer. */

import type { ProbeArray } from "../options.js";
import type { LayerStep } from "../reference.js";
import type { Difference, Rounding } from "./compare.js";

export interface RunRequest {
  /** Text of model.json. */
  model: string;
  /** The bytes of all shards, joined. */
  weights: ArrayBuffer;
  inputs: readonly ProbeArray[];
  /** Compares each layer with what the reference has computed. */
  layers?: { steps: readonly LayerStep[]; root: number; rounding: Rounding };
}

export interface LayerDifference extends Difference {
  /** With the names of the nested models around it: "encoder/conv". */
  layer: string;
}

export interface RunResult {
  /** Of TensorFlow.js. */
  version: string;
  outputs: ProbeArray[];
  layers: LayerDifference[];
}

export type RunAnswer = { result: RunResult } | { error: string };
