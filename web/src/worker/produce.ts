import { RANGE_BYTES } from "../segments.js";
import type { FileSource } from "./file-source.js";
import type { Produced, Step } from "./messages.js";
import type { Converter, FileRange, Source } from "./module.js";
import { valueOf, viewOf } from "./module.js";

/** Of a file in memory at a time, where it is only looked at. */
const READ_BYTES = 2 << 20;

/** What lies between two small slices is read along with them, rather than to read twice. */
const GAP_BYTES = 64 << 10;

/**
 * A browser takes Blobs' bytes over in the background. Without waiting for it they pile up, and at
 * some GBs Blobs become unreadable; reading one byte back waits for all of them. So the bytes of the
 * last turn are waited for while those of the next are made.
 */
const PACE_BYTES = 16 << 20;

/** Makes Blobs of steps, for one worker. */
export class Producer {
  /** Bytes of Blobs since this worker last waited for the browser. */
  private unwritten = 0;
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor(private readonly converter: Converter) {}

  /**
   * The bytes of `steps`, one after another. Several steps are small (see segments.ts) and are put
   * together in one buffer; those of a lone job go from the module's memory into Blobs, each of at
   * most `cut` bytes.
   */
  async produce(
    sources: FileSource[],
    { steps, crc, cut }: { steps: readonly Step[]; crc: boolean; cut: number },
    progress: (bytes: number) => void,
  ): Promise<Produced> {
    const crcs: number[] = [];
    const window = new Window(sources, steps);
    const bytesOf = async (step: Step, index: number) => {
      const bytes = await this.bytes(sources, window, step, index);
      if (crc) crcs.push(this.crc(step, bytes));
      return bytes;
    };
    const [first] = steps;
    const bytes =
      first && steps.length === 1 ? await bytesOf(first, 0) : await together(steps, bytesOf);
    const blobs: Blob[] = [];
    for (let begin = 0; begin < bytes.length; begin += cut) {
      blobs.push(new Blob([bytes.subarray(begin, begin + cut)]));
    }
    progress(bytes.length);
    await this.paced(bytes.length, blobs.at(-1));
    return { blob: blobs.length === 1 && blobs[0] ? blobs[0] : new Blob(blobs), crcs };
  }

  private async paced(bytes: number, blob: Blob | undefined): Promise<void> {
    this.unwritten += bytes;
    if (this.unwritten < PACE_BYTES) return;
    this.unwritten = 0;
    await this.lastTurn;
    this.lastTurn = blob?.slice(0, 1).arrayBuffer() ?? Promise.resolve();
  }

  /** They live until the next step's are asked for. */
  private async bytes(
    sources: FileSource[],
    window: Window,
    step: Step,
    index: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    switch (step.kind) {
      case "bytes":
        return step.bytes;
      case "slice":
        return window.read(index, step);
      case "job":
        return this.produced(sources, step);
    }
  }

  /** A job's bytes are in the module already. */
  private crc(step: Step, bytes: Uint8Array): number {
    return step.kind === "job" ? this.converter.crc32(0) : crc32(this.converter, bytes, 0);
  }

  /** A view of the module's memory; a job's ranges are as long as a tile, see segments.ts. */
  private async produced(
    sources: FileSource[],
    { job: message, begin, length }: Step & { kind: "job" },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const job = valueOf<number>(this.converter.openJob(message, sources));
    try {
      await this.fetch(sources, job, begin, length);
      return viewOf(this.converter.produce(job, begin, length));
    } finally {
      this.converter.closeJob(job);
    }
  }

  /** What a tile reads, where these are few and long ranges. */
  private async fetch(
    sources: FileSource[],
    job: number,
    begin: number,
    length: number,
  ): Promise<void> {
    const ranges = valueOf<FileRange[]>(this.converter.rangesRead(job, begin, length));
    const total = ranges.reduce((sum, range) => sum + range.length, 0);
    const long = total >= READ_BYTES && total >= ranges.length * GAP_BYTES;
    if (!ranges[0] || !long || total > RANGE_BYTES) return;
    await sourceOf(sources, ranges[0].file).readAhead(ranges, RANGE_BYTES);
  }
}

/** The bytes of small steps in one buffer. */
async function together(
  steps: readonly Step[],
  bytesOf: (step: Step, index: number) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(steps.reduce((sum, step) => sum + lengthOf(step), 0));
  let at = 0;
  for (const [index, step] of steps.entries()) {
    const bytes = await bytesOf(step, index);
    buffer.set(bytes, at);
    at += bytes.length;
  }
  return buffer;
}

/** Small slices that lie near each other in a file, as a layer's weights do, are read at once. */
class Window {
  private file = -1;
  private begin = 0;
  private bytes = new Uint8Array(new ArrayBuffer(0));

  constructor(
    private readonly sources: Source[],
    private readonly steps: readonly Step[],
  ) {}

  read(index: number, slice: Step & { kind: "slice" }): Uint8Array<ArrayBuffer> {
    const inside =
      slice.file === this.file &&
      slice.offset >= this.begin &&
      slice.offset + slice.length <= this.begin + this.bytes.length;
    if (!inside) {
      this.file = slice.file;
      this.begin = slice.offset;
      const end = this.endFrom(index, slice);
      const source = sourceOf(this.sources, slice.file);
      this.bytes = source.read(slice.offset, end - slice.offset).slice();
    }
    const at = slice.offset - this.begin;
    return this.bytes.subarray(at, at + slice.length);
  }

  /** Where the slices end that follow this one in the file, and among the steps, without a gap. */
  private endFrom(index: number, slice: Step & { kind: "slice" }): number {
    let end = slice.offset + slice.length;
    for (const step of this.steps.slice(index + 1)) {
      if (step.kind !== "slice" || step.file !== slice.file) continue;
      const near = step.offset >= end && step.offset - end <= GAP_BYTES;
      const next = step.offset + step.length;
      if (!near || next - slice.offset > READ_BYTES) break;
      end = next;
    }
    return end;
  }
}

export function sourceOf<Of extends Source>(sources: readonly Of[], file: number): Of {
  const source = sources[file];
  if (!source) throw new Error(`there is no source ${file}`);
  return source;
}

/** zlib's, which is five times as fast in the module as one in JavaScript. */
function crc32(converter: Converter, bytes: Uint8Array, before: number): number {
  converter.memory(bytes.length).set(bytes);
  return converter.crc32(before);
}

/** The CRC of a range of a file. */
export function crcOf(
  converter: Converter,
  source: Source,
  offset: number,
  length: number,
  progress: (bytes: number) => void,
): number {
  let crc = 0;
  for (let done = 0; done < length; done += READ_BYTES) {
    const bytes = source.read(offset + done, Math.min(READ_BYTES, length - done));
    crc = crc32(converter, bytes, crc);
    progress(bytes.length);
  }
  return crc;
}

function lengthOf(step: Step): number {
  return step.kind === "bytes" ? step.bytes.length : step.length;
}
