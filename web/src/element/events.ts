import type { Inspection, Note } from "../inspection.js";
import type { Target } from "../options.js";

/** `idle` until the first sign of use; then `loading`, `locked` or `ready`, and `open`. */
export type ElementState = "idle" | "loading" | "locked" | "ready" | "open";

export interface OpenDetail {
  files: readonly File[];
  inspection: Inspection;
}

/** What was handed to the person's downloads, or written into a folder. */
export interface ConvertDetail {
  target: Target;
  as: "zip" | "folder";
  /** Of the zip or of the folder. */
  name: string;
  bytes: number;
  /** 0; 1 where something was left out, which the notes say. */
  exitCode: number;
  notes: readonly Note[];
}

export interface ErrorDetail {
  /** A code of `TensorferryError`, or "unexpected". */
  code: string;
  message: string;
  notes: readonly Note[];
  /** What was under way. */
  during: "load" | "open" | "convert";
}

/** None of them bubbles. */
export interface TensorFerryEventMap {
  state: CustomEvent<ElementState>;
  open: CustomEvent<OpenDetail>;
  convert: CustomEvent<ConvertDetail>;
  error: CustomEvent<ErrorDetail>;
}
