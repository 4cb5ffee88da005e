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

/** Also of one that another script of the page made, which has a class of its own. */
export function isTensorferryError(error: unknown): error is TensorferryError {
  return error instanceof Error && error.name === "TensorferryError";
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
