/**
 * How a file's parts are cut into pieces of work. Large slices stay slices of the dropped file; a
 * run of small parts becomes one buffer, since many tiny pieces make a slow Blob; a large computed
 * part is cut into ranges that workers produce side by side.
 */

import type { Part, PlannedFile } from "./plan.js";

export const SMALL_PART = 1 << 20;
/** A slice costs nothing to make. */
export const SMALL_SLICE = 1 << 18;
/** Of a run of small parts; it is held in memory whole. */
export const RUN_BYTES = 4 << 20;
/** About the size of one piece of work on a large computed part, which a worker makes in one go. */
export const RANGE_BYTES = 25 << 20;

export interface SliceSegment {
  kind: "slice";
  /** Its place in the file. */
  part: number;
  file: number;
  offset: number;
  length: number;
  crc: boolean;
}

/** Bytes [begin, begin + length) of the part with this index in its file. */
export interface PartRange {
  part: number;
  begin: number;
  length: number;
}

export interface WorkSegment {
  kind: "work";
  ranges: PartRange[];
  length: number;
  /** Reduces that must be known first. */
  needs: number[];
  /** It reads sources: dropped files or temporaries. */
  reads: boolean;
  /** The CRCs of its ranges are wanted. */
  crc: boolean;
}

export type Segment = SliceSegment | WorkSegment;

/** A run holds no part of `wantsCrc` beside another, as that one may be what the CRC goes into. */
export function segmentsOf(
  parts: readonly Part[],
  wantsCrc: (part: number) => boolean = () => false,
): Segment[] {
  const segments: Segment[] = [];
  let run: WorkSegment | undefined;

  parts.forEach((part, index) => {
    if (part.length === 0) return;
    const crc = wantsCrc(index);
    if (part.length >= (part.kind === "slice" ? SMALL_SLICE : SMALL_PART)) {
      run = undefined;
      segments.push(...largePart(part, index, crc));
      return;
    }
    if (run?.crc !== crc || run.length + part.length > RUN_BYTES) {
      run = { kind: "work", ranges: [], length: 0, needs: [], reads: false, crc };
      segments.push(run);
    }
    run.ranges.push({ part: index, begin: 0, length: part.length });
    run.length += part.length;
    run.reads ||= readsSources(part);
    for (const need of needsOf(part)) if (!run.needs.includes(need)) run.needs.push(need);
  });
  return segments;
}

function largePart(part: Part, index: number, crc: boolean): Segment[] {
  if (part.kind === "slice") {
    const { file, offset, length } = part;
    return [{ kind: "slice", part: index, file, offset, length, crc }];
  }
  const step = part.kind === "computed" ? multipleNear(RANGE_BYTES, part.piece) : part.length;
  const ranges: Segment[] = [];
  for (let begin = 0; begin < part.length; begin += step) {
    const length = Math.min(step, part.length - begin);
    ranges.push({
      kind: "work",
      ranges: [{ part: index, begin, length }],
      length,
      needs: needsOf(part),
      reads: readsSources(part),
      crc,
    });
  }
  return ranges;
}

/** The largest multiple of `piece` within `bytes`, and at least one piece. */
export function multipleNear(bytes: number, piece: number): number {
  const unit = Math.max(1, piece);
  return Math.max(1, Math.floor(bytes / unit)) * unit;
}

export function readsSources(part: Part): boolean {
  return part.kind === "computed" || part.kind === "slice";
}

/**
 * Into Blobs of how many bytes a source is best made: a browser copies the slices of a Blob that it
 * holds in memory, but for whole ones. `readers` are the files that may take slices of it.
 */
export function cutOf(source: number, readers: readonly PlannedFile[]): number {
  let cut = Infinity;
  for (const part of readers.flatMap((reader) => reader.parts)) {
    if (part.kind === "slice" && part.file === source) cut = Math.min(cut, part.length);
  }
  return cut;
}

function needsOf(part: Part): number[] {
  return part.kind === "computed" || part.kind === "deferred" ? part.needs : [];
}
