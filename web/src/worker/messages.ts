/** What the page and its workers say to each other. A worker handles one call at a time. */

import type { ErrorMessage } from "../errors.js";
import type { Inspection, TensorStatistics } from "../inspection.js";
import type { MatchTarget } from "../match.js";
import type { ConvertOptions, ProbeArray } from "../options.js";
import type { Plan, ReduceResult } from "../plan.js";
import type { EvaluateOptions, Evaluated, ProbeInputs } from "../reference.js";
import type { PartRange } from "../segments.js";

/** First message to a worker: the compiled module, shared by all of them. */
export interface StartMessage {
  module: WebAssembly.Module;
}

/** A step of a piece of output; the steps' bytes follow one another. */
export type Step =
  | { kind: "slice"; file: number; offset: number; length: number }
  | { kind: "bytes"; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "job"; job: Uint8Array<ArrayBuffer>; begin: number; length: number };

/** The steps' bytes, and the CRC of each step's where they were asked for. */
export interface Produced {
  blob: Blob;
  crcs: number[];
}

/** Known results of reduces, by id. */
export type ReduceResults = Record<number, ReduceResult>;

/** The calls, their arguments and what they give. */
export interface Calls {
  /** Which files make up a model each. `paths`: their names, with the folders above them. */
  findModels: {
    arguments: { files: readonly File[]; paths: readonly string[] };
    result: number[][];
  };
  open: {
    arguments: { files: readonly File[] };
    result: { handle: number; inspection: Inspection };
  };
  close: { arguments: { handle: number }; result: undefined };
  matchTargets: { arguments: Record<string, never>; result: string[] };
  /** Names and shapes of a state_dict. */
  readStateDict: { arguments: { file: File }; result: MatchTarget };
  /** Files are those that were opened. */
  statistics: { arguments: { handle: number; tensor: number }; result: TensorStatistics };
  probeInputs: { arguments: { handle: number; attempt: number }; result: ProbeInputs };
  evaluate: {
    arguments: { handle: number; inputs: readonly ProbeArray[]; options: EvaluateOptions };
    result: Evaluated;
  };
  plan: { arguments: { handle: number; options: ConvertOptions }; result: Plan };
  releasePlan: { arguments: { plan: number }; result: undefined };
  /** The planner turns parts into steps that any worker can do. */
  steps: {
    arguments: { plan: number; file: number; ranges: readonly PartRange[]; results: ReduceResults };
    result: Step[];
  };
  reduceJob: {
    arguments: { plan: number; reduce: number; results: ReduceResults };
    result: Uint8Array<ArrayBuffer>;
  };
  produce: {
    arguments: { files: readonly File[]; steps: readonly Step[]; crc: boolean; cut: number };
    result: Produced;
  };
  crc: {
    arguments: { files: readonly File[]; file: number; offset: number; length: number };
    result: number;
  };
  reduce: {
    arguments: { files: readonly File[]; job: Uint8Array<ArrayBuffer> };
    result: ReduceResult;
  };
}

export type CallName = keyof Calls;
export type CallMessage = {
  [Name in CallName]: { id: number; call: Name; arguments: Calls[Name]["arguments"] };
}[CallName];

export type WorkerMessage =
  | { id: number; ok: unknown }
  | { id: number; error: ErrorMessage }
  /** The instance is unusable from now on: it trapped or ran out of memory. */
  | { id: number; fatal: string }
  /** A sign of life, with the bytes done since the last one. */
  | { id: number; progress: number };
