/** The WebAssembly module's surface (wasm/bindings.cpp). All calls are synchronous. */

import type { ErrorMessage } from "../errors.js";
import { errorFromMessage } from "../errors.js";
import type { ModuleSample, ProbeArray, ProbeRun } from "../options.js";
import type { ProbeInputs } from "../reference.js";

/** Random-access bytes as the module takes them. `read` gives exactly `length` bytes or throws. */
export interface Source {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** Bytes of a source. */
export interface FileRange {
  file: number;
  offset: number;
  length: number;
}

/** JSON: `{"ok": …}` or `{"error": {code, message, notes}}`. */
export type Answer = string;

/**
 * A view of the module's memory that lives until bytes are asked for again, or an `Answer` with an
 * error.
 */
export type Bytes = Uint8Array<ArrayBuffer> | Answer;

export interface Converter {
  /** `number[][]`: which sources make up a model each, by their contents and names. */
  findModels(sources: Source[]): Answer;
  /** `string[]` */
  matchTargets(): Answer;
  /** `MatchTarget` */
  readStateDict(source: Source): Answer;
  open(sources: Source[]): Answer;
  close(handle: number): void;
  inspect(handle: number): Answer;
  statistics(handle: number, tensor: number, progress: (moreBytes: number) => void): Answer;
  probeInputs(handle: number, attempt: number): ProbeInputs | Answer;
  /** `step` is told of each node; of its outputs only `withOutputs`. */
  evaluate(
    handle: number,
    dtype: string,
    inputs: readonly ProbeArray[],
    withOutputs: boolean,
    step: (model: number, layer: string, nested: number, outputs: ProbeArray[]) => void,
  ): { outputs: ProbeArray[]; modules: ModuleSample[] } | Answer;
  plan(handle: number, optionsJson: string, run: ProbeRun | undefined): Answer;
  releasePlan(plan: number): void;
  /** Of an inline or a deferred part. */
  bytes(plan: number, file: number, part: number, resultsJson: string): Bytes;
  /** A part as a message that any other instance can produce from. */
  job(plan: number, file: number, part: number, resultsJson: string): Bytes;
  reduceJob(plan: number, reduce: number, resultsJson: string): Bytes;
  openJob(job: Uint8Array, sources: Source[]): Answer;
  /** The `FileRange`s of one source that `produce` would read for this; none if it is hard to say. */
  rangesRead(job: number, begin: number, length: number): Answer;
  produce(job: number, begin: number, length: number): Bytes;
  closeJob(job: number): void;
  /** Of the module's memory, to be filled before `crc32`. */
  memory(length: number): Uint8Array<ArrayBuffer>;
  /** Of what `produce` or `memory` gave last; `before` is the CRC of the bytes that precede. */
  crc32(before: number): number;
  reduce(job: Uint8Array, sources: Source[], progress: (moreBytes: number) => void): Answer;
}

export interface Module {
  version(): string;
  Converter: new () => Converter;
}

export interface ModuleSettings {
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}

/** The value of an answer, or its error thrown. */
export function valueOf<Value>(answer: Answer): Value {
  const parsed = JSON.parse(answer) as { ok: Value } | { error: ErrorMessage };
  if ("error" in parsed) throw errorFromMessage(parsed.error);
  return parsed.ok;
}

/** The bytes themselves (still a view), or their error thrown. */
export function viewOf(bytes: Bytes): Uint8Array<ArrayBuffer> {
  return givenOr(bytes);
}

/** What is no `Answer`; of an answer, which then holds an error, that thrown. */
export function givenOr<Value extends object>(given: Value | Answer): Value {
  return typeof given === "string" ? valueOf(given) : given;
}
