import type { Note } from "./inspection.js";

/** Codes of errors that do not come from the module (those are listed in src/io/error.h). */
export type WebErrorCode = "module-unavailable" | "worker-failed" | "read-failed" | "closed";

/** An error with a stable `code` and a sentence as its message. */
export class TensorferryError extends Error {
  readonly code: string;
  /** All refused layers, where that is the reason. */
  readonly notes: readonly Note[];

  constructor(code: string, message: string, notes: readonly Note[] = []) {
    super(message);
    this.name = "TensorferryError";
    this.code = code;
    this.notes = notes;
  }
}

/** What a worker posts in place of an error object, which structured cloning would strip. */
export interface ErrorMessage {
  code: string;
  message: string;
  notes?: Note[];
}

export function errorFromMessage(error: ErrorMessage): TensorferryError {
  return new TensorferryError(error.code, error.message, error.notes ?? []);
}
