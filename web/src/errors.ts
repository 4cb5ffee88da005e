import type { Note } from "./inspection.js";

/** An error with a stable `code` (error-codes.ts has them all) and a sentence as its message. */
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
