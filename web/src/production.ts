/** Turns a plan into bytes: which piece when, by whom. */

import { TensorferryError } from "./errors.js";
import type { PlannedFile } from "./plan.js";
import type { OpenedPlan } from "./planning.js";
import type { Pool } from "./pool.js";
import {
  type Segment,
  type SliceSegment,
  type WorkSegment,
  readsSources,
  segmentsOf,
} from "./segments.js";
import type { ReduceResults } from "./worker/messages.js";

/** Told of bytes that are done; negative where a piece begins anew. */
export type CountBytes = (bytes: number) => void;

/** What jobs read: the dropped files, then the temporaries that are made. */
type Sources = Promise<readonly File[]>;

export class Production {
  private readonly results: ReduceResults = {};
  private readonly reductions = new Map<number, Promise<void>>();
  private readonly dropped: Sources;
  private complete: Sources | undefined;

  constructor(
    private readonly opened: OpenedPlan,
    private readonly pool: Pool,
    files: readonly File[],
    private readonly count: CountBytes,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.dropped = Promise.resolve(files);
  }

  /** Bytes to make for these files, with what they need. */
  static work(opened: OpenedPlan, files: readonly number[]): number {
    const { plan } = opened;
    const asked = files.flatMap((file) => plan.files[file] ?? []);
    const reduces = new Set<number>();
    const need = (id: number) => {
      if (reduces.has(id)) return;
      reduces.add(id);
      plan.reduces[id]?.needs.forEach(need);
    };
    const parts = asked.flatMap((file) => file.parts);
    for (const part of parts) if ("needs" in part) part.needs.forEach(need);
    const temporaries = parts.some(readsSources) ? plan.temporaries : [];
    const reducing = [...reduces].map((id) => plan.reduces[id]?.bytes ?? 0);
    return sum([...asked, ...temporaries].map((file) => file.bytes)) + sum(reducing);
  }

  /**
   * The file's bytes in order as Blobs. At most `ahead` pieces are in work or waiting to be taken;
   * Infinity is the fastest, where the Blobs are kept anyway.
   */
  pieces(file: number, ahead: number): AsyncGenerator<Blob> {
    const planned = this.opened.plan.files[file];
    if (!planned) throw new TensorferryError("internal", `The plan has no file ${file}.`);
    return this.piecesOf(file, planned, () => this.sources(), ahead);
  }

  private async *piecesOf(
    file: number,
    planned: PlannedFile,
    sources: () => Sources,
    ahead: number,
  ): AsyncGenerator<Blob> {
    const segments = segmentsOf(planned.parts);
    this.startReductions(segments);
    const waiting: Promise<Blob>[] = [];
    for (const segment of segments) {
      waiting.push(this.piece(file, segment, sources));
      const first = waiting.length > ahead ? waiting.shift() : undefined;
      if (first) yield await first;
    }
    yield* waiting;
  }

  /** All sources, when the temporaries are made. */
  private sources(): Sources {
    this.complete ??= this.makeTemporaries();
    this.complete.catch(() => {});
    return this.complete;
  }

  private async makeTemporaries(): Sources {
    const { files, temporaries } = this.opened.plan;
    const sources = [...(await this.dropped)];
    for (const [index, planned] of temporaries.entries()) {
      const known = Promise.resolve([...sources]);
      const pieces: Blob[] = [];
      const made = this.piecesOf(files.length + index, planned, () => known, Infinity);
      for await (const piece of made) pieces.push(piece);
      sources.push(new File(pieces, `temporary ${index}`));
    }
    return sources;
  }

  /** The long ones go to the pool before the pieces do, so that both run side by side. */
  private startReductions(segments: readonly Segment[]): void {
    for (const segment of segments) {
      if (segment.kind === "work") segment.needs.forEach((id) => void this.reduction(id));
    }
  }

  private piece(file: number, segment: Segment, sources: () => Sources): Promise<Blob> {
    const made =
      segment.kind === "slice"
        ? this.slice(segment, sources)
        : this.produce(file, segment, sources);
    // Whoever takes the pieces learns of the first failure; later ones are not unhandled.
    made.catch(() => {});
    return made;
  }

  private async slice(segment: SliceSegment, sources: () => Sources): Promise<Blob> {
    const dropped = await this.dropped;
    const source = dropped[segment.file] ?? (await sources())[segment.file];
    if (!source) throw new TensorferryError("internal", `There is no source ${segment.file}.`);
    this.count(segment.length);
    return source.slice(segment.offset, segment.offset + segment.length);
  }

  private async produce(file: number, segment: WorkSegment, sources: () => Sources): Promise<Blob> {
    await Promise.all(segment.needs.map((id) => this.reduction(id)));
    const files = await (segment.reads ? sources() : this.dropped);
    this.signal?.throwIfAborted();
    const steps = await this.opened.steps(file, segment.ranges, this.results);
    const progress = new Remainder(segment.length, this.count);
    const blob = await this.pool.call("produce", { files, steps }, progress.add, this.signal);
    progress.finish();
    return blob;
  }

  private reduction(id: number): Promise<void> {
    const known = this.reductions.get(id) ?? this.reduce(id);
    known.catch(() => {});
    this.reductions.set(id, known);
    return known;
  }

  private async reduce(id: number): Promise<void> {
    const planned = this.opened.plan.reduces[id];
    if (!planned) throw new TensorferryError("internal", `The plan has no reduction ${id}.`);
    await Promise.all(planned.needs.map((need) => this.reduction(need)));
    const files = await this.sources();
    this.signal?.throwIfAborted();
    const job = await this.opened.reduceJob(id, this.results);
    const progress = new Remainder(planned.bytes, this.count);
    const args = { files, job };
    this.results[id] = await this.pool.call("reduce", args, progress.add, this.signal);
    progress.finish();
  }
}

/** Counts a piece's bytes as workers tell of them, and the rest when it is done. */
class Remainder {
  private counted = 0;

  constructor(
    private readonly total: number,
    private readonly count: CountBytes,
  ) {}

  readonly add = (bytes: number): void => {
    const within = Math.min(bytes, this.total - this.counted);
    this.counted += within;
    this.count(within);
  };

  finish(): void {
    this.add(this.total - this.counted);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
