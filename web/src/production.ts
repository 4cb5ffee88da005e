/** Turns a plan into bytes: which piece when, by whom. */

import { TensorferryError } from "./errors.js";
import type { OpenedPlan } from "./planning.js";
import type { Pool } from "./pool.js";
import { type Segment, segmentsOf } from "./segments.js";
import type { ReduceResults } from "./worker/messages.js";

/** Told of bytes that are done; negative where a piece begins anew. */
export type CountBytes = (bytes: number) => void;

export class Production {
  private readonly results: ReduceResults = {};
  private readonly reductions = new Map<number, Promise<void>>();

  constructor(
    private readonly opened: OpenedPlan,
    private readonly pool: Pool,
    private readonly files: readonly File[],
    private readonly count: CountBytes,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * The file's bytes in order as Blobs. At most `ahead` pieces are in work or waiting to be taken;
   * Infinity is the fastest, where the Blobs are kept anyway.
   */
  async *pieces(file: number, ahead: number): AsyncGenerator<Blob> {
    const planned = this.opened.plan.files[file];
    if (!planned) throw new TensorferryError("closed", `The plan has no file ${file}.`);
    const segments = segmentsOf(planned.parts);
    this.startReductions(segments);
    const waiting: Promise<Blob>[] = [];
    for (const segment of segments) {
      waiting.push(this.piece(file, segment));
      const first = waiting.length > ahead ? waiting.shift() : undefined;
      if (first) yield await first;
    }
    yield* waiting;
  }

  /** The long ones go to the pool before the pieces do, so that both run side by side. */
  private startReductions(segments: readonly Segment[]): void {
    for (const segment of segments) {
      if (segment.kind === "work") segment.needs.forEach((id) => void this.reduction(id));
    }
  }

  private piece(file: number, segment: Segment): Promise<Blob> {
    const made = segment.kind === "slice" ? this.slice(segment) : this.produce(file, segment);
    // Whoever takes the pieces learns of the first failure; later ones are not unhandled.
    made.catch(() => {});
    return made;
  }

  private async slice(segment: Segment & { kind: "slice" }): Promise<Blob> {
    const source = this.files[segment.file];
    if (!source)
      throw new TensorferryError("read-failed", `There is no dropped file ${segment.file}.`);
    this.count(segment.length);
    return source.slice(segment.offset, segment.offset + segment.length);
  }

  private async produce(file: number, segment: Segment & { kind: "work" }): Promise<Blob> {
    await Promise.all(segment.needs.map((id) => this.reduction(id)));
    this.signal?.throwIfAborted();
    const steps = await this.opened.steps(file, segment.ranges, this.results);
    const progress = new Remainder(segment.length, this.count);
    const blob = await this.pool.call(
      "produce",
      { files: this.files, steps },
      progress.add,
      this.signal,
    );
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
    this.signal?.throwIfAborted();
    const job = await this.opened.reduceJob(id, this.results);
    const progress = new Remainder(planned.bytes, this.count);
    this.results[id] = await this.pool.call(
      "reduce",
      { files: this.files, job },
      progress.add,
      this.signal,
    );
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
