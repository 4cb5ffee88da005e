import { multipleNear } from "../segments.js";
import type { Step } from "./messages.js";
import type { Converter, Source } from "./module.js";
import { valueOf, viewOf } from "./module.js";

/** Of output in the module's memory at a time. */
const TILE_BYTES = 4 << 20;

/**
 * A browser takes Blobs' bytes over in the background. Without waiting for it they pile up, and at
 * some GBs Blobs become unreadable; reading one byte back waits for all of them.
 */
const PACE_BYTES = 16 << 20;

/** Makes Blobs of steps, for one worker. */
export class Producer {
  /** Bytes of Blobs since this worker last waited for the browser. */
  private unwritten = 0;

  constructor(private readonly converter: Converter) {}

  /**
   * The bytes of `steps`, one after another. Several steps are small (see segments.ts) and are put
   * together in one buffer; those of a lone job go from the module's memory into a Blob.
   */
  async produce(
    sources: Source[],
    steps: readonly Step[],
    progress: (bytes: number) => void,
  ): Promise<Blob> {
    const blobs: Blob[] = [];
    const pieces =
      steps.length === 1 ? this.tiles(sources, steps) : [this.gathered(sources, steps)];
    for (const piece of pieces) {
      const blob = new Blob([piece]);
      blobs.push(blob);
      progress(blob.size);
      this.unwritten += blob.size;
      if (this.unwritten >= PACE_BYTES) {
        this.unwritten = 0;
        await blob.slice(0, 1).arrayBuffer();
      }
    }
    return blobs.length === 1 && blobs[0] ? blobs[0] : new Blob(blobs);
  }

  private gathered(sources: Source[], steps: readonly Step[]): Uint8Array<ArrayBuffer> {
    const buffer = new Uint8Array(steps.reduce((sum, step) => sum + lengthOf(step), 0));
    let at = 0;
    for (const tile of this.tiles(sources, steps)) {
      buffer.set(tile, at);
      at += tile.length;
    }
    return buffer;
  }

  /** The steps' bytes in order; a tile lives until the next is asked for. */
  private *tiles(sources: Source[], steps: readonly Step[]): Generator<Uint8Array<ArrayBuffer>> {
    for (const step of steps) {
      switch (step.kind) {
        case "bytes":
          yield step.bytes;
          break;
        case "slice": {
          const source = sources[step.file];
          if (!source) throw new Error(`there is no dropped file ${step.file}`);
          yield source.read(step.offset, step.length) as Uint8Array<ArrayBuffer>;
          break;
        }
        case "job":
          yield* this.jobTiles(sources, step);
          break;
      }
    }
  }

  private *jobTiles(
    sources: Source[],
    step: Step & { kind: "job" },
  ): Generator<Uint8Array<ArrayBuffer>> {
    const job = valueOf<number>(this.converter.openJob(step.job, sources));
    try {
      const tile = multipleNear(TILE_BYTES, step.piece);
      for (let done = 0; done < step.length; done += tile) {
        const length = Math.min(tile, step.length - done);
        yield viewOf(this.converter.produce(job, step.begin + done, length));
      }
    } finally {
      this.converter.closeJob(job);
    }
  }
}

function lengthOf(step: Step): number {
  return step.kind === "bytes" ? step.bytes.length : step.length;
}
