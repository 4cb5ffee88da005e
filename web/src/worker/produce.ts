import { multipleNear } from "../segments.js";
import type { Produced, Step } from "./messages.js";
import type { Converter, FileRange, Source } from "./module.js";
import { valueOf, viewOf } from "./module.js";
import { readAhead } from "./read-ahead.js";

/** Of output in the module's memory at a time. */
const TILE_BYTES = 25 << 20;

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

/** Some bytes of a step; those that the module made are in its memory. */
interface Tile {
  step: number;
  bytes: Uint8Array<ArrayBuffer>;
  made: boolean;
}

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
    files: readonly File[],
    sources: Source[],
    { steps, crc, cut }: { steps: readonly Step[]; crc: boolean; cut: number },
    progress: (bytes: number) => void,
  ): Promise<Produced> {
    const blobs: Blob[] = [];
    const crcs = crc ? steps.map(() => 0) : [];
    const pieces =
      steps.length === 1
        ? this.alone(files, sources, steps, crcs)
        : [await this.gathered(files, sources, steps, crcs)];
    for await (const piece of pieces) {
      for (let begin = 0; begin < piece.length; begin += cut) {
        blobs.push(new Blob([piece.subarray(begin, begin + cut)]));
      }
      progress(piece.length);
      await this.paced(piece.length, blobs.at(-1));
    }
    return { blob: blobs.length === 1 && blobs[0] ? blobs[0] : new Blob(blobs), crcs };
  }

  private async paced(bytes: number, blob: Blob | undefined): Promise<void> {
    this.unwritten += bytes;
    if (this.unwritten < PACE_BYTES) return;
    this.unwritten = 0;
    await this.lastTurn;
    this.lastTurn = blob?.slice(0, 1).arrayBuffer() ?? Promise.resolve();
  }

  private async *alone(
    files: readonly File[],
    sources: Source[],
    steps: readonly Step[],
    crcs: number[],
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const tile of this.tiles(files, sources, steps)) {
      this.extend(crcs, tile);
      yield tile.bytes;
    }
  }

  private async gathered(
    files: readonly File[],
    sources: Source[],
    steps: readonly Step[],
    crcs: number[],
  ): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(steps.reduce((sum, step) => sum + lengthOf(step), 0));
    let at = 0;
    for await (const tile of this.tiles(files, sources, steps)) {
      this.extend(crcs, tile);
      buffer.set(tile.bytes, at);
      at += tile.bytes.length;
    }
    return buffer;
  }

  /** The steps' bytes in order; a tile lives until the next is asked for. */
  private async *tiles(
    files: readonly File[],
    sources: Source[],
    steps: readonly Step[],
  ): AsyncGenerator<Tile> {
    const window = new Window(sources, steps);
    for (const [index, step] of steps.entries()) {
      switch (step.kind) {
        case "bytes":
          yield { step: index, bytes: step.bytes, made: false };
          break;
        case "slice":
          yield { step: index, bytes: window.read(index, step), made: false };
          break;
        case "job":
          for await (const bytes of this.jobTiles(files, sources, step)) {
            yield { step: index, bytes, made: true };
          }
          break;
      }
    }
  }

  private extend(crcs: number[], { step, bytes, made }: Tile): void {
    const before = crcs[step];
    if (before === undefined) return;
    crcs[step] = made ? this.converter.crc32(before) : crc32(this.converter, bytes, before);
  }

  private async *jobTiles(
    files: readonly File[],
    sources: Source[],
    step: Step & { kind: "job" },
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const job = valueOf<number>(this.converter.openJob(step.job, sources));
    try {
      const tile = multipleNear(TILE_BYTES, step.piece);
      for (let done = 0; done < step.length; done += tile) {
        const length = Math.min(tile, step.length - done);
        await this.fetch(files, job, step.begin + done, length);
        yield viewOf(this.converter.produce(job, step.begin + done, length));
      }
    } finally {
      this.converter.closeJob(job);
    }
  }

  /** What a tile reads, where these are few and long ranges. */
  private async fetch(
    files: readonly File[],
    job: number,
    begin: number,
    length: number,
  ): Promise<void> {
    const ranges = valueOf<FileRange[]>(this.converter.rangesRead(job, begin, length));
    const total = ranges.reduce((sum, range) => sum + range.length, 0);
    const long = total >= READ_BYTES && total >= ranges.length * GAP_BYTES;
    const file = files[ranges[0]?.file ?? -1];
    if (file && long && total <= TILE_BYTES) await readAhead(file, ranges, TILE_BYTES);
  }
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

export function sourceOf(sources: Source[], file: number): Source {
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
