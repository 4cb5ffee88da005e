import type { ErrorCode } from "../../error-codes.js";
import type { CheckMessages } from "../check/messages.js";
import type { MatchMessages } from "../match/messages.js";

/** What the element says; a language is one object of these. */
export interface Messages {
  dropHere: string;
  dropHint: string;
  chooseFiles: string;
  chooseFolder: string;
  /** `name`: of a model that the page offers. */
  trySample(name: string): string;
  loading: string;
  opening(name: string): string;
  anotherFile: string;
  /** Before the names of models that came in together. */
  modelsOf(count: number): string;
  /** `names`: of files that are nothing of a model. */
  leftAside(names: string): string;

  facts: {
    keras: string;
    file: string;
    inputs: string;
    outputs: string;
    parameters: string;
  };
  trainable(count: string): string;
  weightsOnly: string;

  layers(count: number): string;
  frozen: string;

  parts: Record<"network" | "code" | "weights", string>;
  pictureLabel(layers: number): string;
  pictureButtons: Record<"zoomIn" | "zoomOut" | "fit" | "foldAll" | "unfoldAll", string>;
  tooLargeForPicture: string;
  foldedDetail(layers: number, parameters: string): string;
  findLayer: string;
  findWeight: string;
  /** Stands for the source of a weight that is none of the file's. */
  constant: string;
  reading(tensor: string): string;
  statistics: Record<"elements" | "mean" | "range" | "notFinite", string>;
  histogramLabel(minimum: string, maximum: string): string;

  notes(count: number): string;
  noNotes: string;
  severity: Record<"info" | "warning" | "refused", string>;
  wholeModel: string;

  target: string;
  targets: Record<"pytorch" | "tfjs", string>;
  options: string;
  weightsFile: string;
  safetensors: string;
  pt: string;
  contiguous: string;
  dtype: string;
  dtypeAsIs: string;
  className: string;
  classNameHint: string;
  torchMin: string;
  loss: string;
  optimizer: string;
  /** `names`: what the file says; empty: nothing. */
  asInFile(names: string): string;
  torchMinOldest: string;
  torchMinFused: string;
  channelsLastIo: string;
  quantization: string;
  quantizationNone: string;
  quantizationGlob: string;
  shardSize: string;
  splitWeightsByLayer: string;
  assumeKinds: string;
  match: MatchMessages;
  checksums: string;

  check: CheckMessages;

  /** `bytes`: of all of them. */
  filesOf(count: number, bytes: string): string;
  incomplete: string;
  downloadZip: string;
  downloadZipOf(bytes: string): string;
  saveFolder: string;
  cancel: string;
  /** `seconds`: left, if that can be told. */
  progress(done: string, total: string, rate: string, seconds: number | undefined): string;
  /** Above the lines that load what was saved. */
  next: string;
  savedZip(name: string): string;
  savedFolder(name: string): string;
  cancelled: string;
  copy: string;
  copied: string;

  cannotOpen: string;
  cannotConvert: string;
  unexpected(message: string): string;
  /** What to try, by the code of the error. */
  help: Record<ErrorCode, string>;
}
