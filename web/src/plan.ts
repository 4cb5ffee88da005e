/** A plan as the module tells it: what the output consists of, before any of it is bytes. */

import type { Note } from "./inspection.js";
import type { MappingRow } from "./match.js";

export type Part =
  | { kind: "slice"; file: number; offset: number; length: number }
  | { kind: "inline"; length: number }
  /** Cheapest in multiples of `piece` bytes. */
  | { kind: "computed"; length: number; piece: number; needs: number[] }
  | { kind: "deferred"; length: number; needs: number[] };

export interface PlannedFile {
  path: string;
  bytes: number;
  parts: Part[];
}

/** A number that parts need, known by its place in `Plan.reduces`; its own needs come earlier. */
export interface Reduce {
  kind: "crc32" | "sha256" | "min" | "max";
  /** To be read for it. */
  bytes: number;
  needs: number[];
  /** The neighbouring parts whose bytes it runs over, where it does not run over a whole file. */
  parts?: PartsOfFile;
}

export interface PartsOfFile {
  file: number;
  first: number;
  count: number;
}

export type ReduceResult = number | string;

/** Lines of `model.py`, counted from 1, that are of a layer; a line may be of several. */
export interface LayerLines {
  /** Number of the model that has the layer: `LayerSummary.model`. */
  model: number;
  layer: string;
  first: number;
  last: number;
}

export interface Plan {
  plan: number;
  exitCode: 0 | 1;
  notes: Note[];
  manifest: string;
  source: string;
  entry: string;
  snippet: string;
  lines: LayerLines[];
  /** Of a match. */
  mapping?: MappingRow[];
  files: PlannedFile[];
  /**
   * Files that nobody gets: to be made first, in order. Temporary k is file `files.length + k` of the
   * plan and source `dropped files + k` of whatever is made later.
   */
  temporaries: PlannedFile[];
  reduces: Reduce[];
}
