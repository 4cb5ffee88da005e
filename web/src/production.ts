/** Turns a plan into bytes: which piece when, by whom. */

import { crc32Combine } from "./crc32-combine.js";
import { TensorferryError } from "./errors.js";
import type { PartsOfFile, PlannedFile } from "./plan.js";
import type { OpenedPlan } from "./planning.js";
import type { Pool } from "./pool.js";
import {
  type Segment,
  type SliceSegment,
  type WorkSegment,
  cutOf,
  readsSources,
  segmentsOf,
} from "./segments.js";
import type { Produced, ReduceResults } from "./worker/messages.js";

/** Told of bytes that are done; negative where a piece begins anew. */
export type CountBytes = (bytes: number) => void;

/** What jobs read: the dropped files, then the temporaries that are made. */
type Sources = Promise<readonly File[]>;

/** A CRC, of so many bytes. */
interface Crc {
  value: number;
  length: number;
}

/** The CRCs of a file's parts, each in pieces in their order; of some parts only. */
type PartCrcs = Map<number, Promise<Crc>[]>;

/** A large slice is read for its CRC by several workers, each of them so many bytes. */
const CRC_BYTES = 32 << 20;

export class Production {
  private readonly results: ReduceResults = {};
  private readonly reductions = new Map<number, Promise<void>>();
  /** By file: CRCs that are taken while its parts are made, so that no reduce need make them again. */
  private readonly crcs = new Map<number, PartCrcs>();
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
    if (ahead === Infinity) return this.allPieces(file, planned);
    return this.piecesOf(file, planned, () => this.sources(), ahead);
  }

  /**
   * All pieces at once. Those that a CRC runs over come first: it is taken while they are made, and
   * goes into a piece before them.
   */
  private async *allPieces(file: number, planned: PlannedFile): AsyncGenerator<Blob> {
    const covered = new Set<number>();
    for (const { kind, parts } of this.opened.plan.reduces) {
      if (kind !== "crc32" || parts?.file !== file) continue;
      for (let i = 0; i < parts.count; i += 1) covered.add(parts.first + i);
    }
    const segments = segmentsOf(planned.parts, (part) => covered.has(part));
    const crcs: PartCrcs = new Map();
    if (covered.size > 0) this.crcs.set(file, crcs);
    const pieces: Promise<Blob>[] = [];
    for (const [index, segment] of segments.entries()) {
      if (segment.crc) pieces[index] = this.pieceWithCrcs(file, segment, crcs);
    }
    for (const [index, segment] of segments.entries()) {
      pieces[index] ??= this.piece(file, segment, () => this.sources());
    }
    yield* pieces;
  }

  private pieceWithCrcs(file: number, segment: Segment, crcs: PartCrcs): Promise<Blob> {
    const add = (part: number, crc: Promise<Crc>) => {
      crc.catch(() => {});
      crcs.set(part, [...(crcs.get(part) ?? []), crc]);
    };
    if (segment.kind === "slice") {
      for (let done = 0; done < segment.length; done += CRC_BYTES) {
        const length = Math.min(CRC_BYTES, segment.length - done);
        add(segment.part, this.crcOf({ ...segment, offset: segment.offset + done, length }));
      }
      return this.piece(file, segment, () => this.sources());
    }
    const made = this.work(file, segment, () => this.sources());
    segment.ranges.forEach(({ part, length }, index) =>
      add(
        part,
        made.then(({ crcs: values }) => ({ value: values[index] ?? 0, length })),
      ),
    );
    const blob = made.then((produced) => produced.blob);
    blob.catch(() => {});
    return blob;
  }

  private async *piecesOf(
    file: number,
    planned: PlannedFile,
    sources: () => Sources,
    ahead: number,
    cut = Infinity,
  ): AsyncGenerator<Blob> {
    const segments = segmentsOf(planned.parts);
    this.startReductions(segments);
    const waiting: Promise<Blob>[] = [];
    for (const segment of segments) {
      waiting.push(this.piece(file, segment, sources, cut));
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
      const cut = cutOf(sources.length, temporaries);
      const made = this.piecesOf(files.length + index, planned, () => known, Infinity, cut);
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

  private piece(
    file: number,
    segment: Segment,
    sources: () => Sources,
    cut = Infinity,
  ): Promise<Blob> {
    const made =
      segment.kind === "slice"
        ? this.slice(segment, sources)
        : this.work(file, segment, sources, cut).then(({ blob }) => blob);
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

  private async work(
    file: number,
    segment: WorkSegment,
    sources: () => Sources,
    cut = Infinity,
  ): Promise<Produced> {
    await Promise.all(segment.needs.map((id) => this.reduction(id)));
    const files = await (segment.reads ? sources() : this.dropped);
    this.signal?.throwIfAborted();
    const steps = await this.opened.steps(file, segment.ranges, this.results);
    // A CRC counts as another pass over the bytes, taken now or later.
    const passes = segment.crc ? 2 : 1;
    const progress = new Remainder(passes * segment.length, this.count);
    const produced = await this.pool.call(
      "produce",
      { files, steps, crc: segment.crc, cut },
      (bytes) => progress.add(passes * bytes),
      this.signal,
    );
    progress.finish();
    return produced;
  }

  private async crcOf({ file, offset, length }: SliceSegment): Promise<Crc> {
    const dropped = await this.dropped;
    const files = file < dropped.length ? dropped : await this.sources();
    this.signal?.throwIfAborted();
    const progress = new Remainder(length, this.count);
    const args = { files, file, offset, length };
    const value = await this.pool.call("crc", args, progress.add, this.signal);
    progress.finish();
    return { value, length };
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
    const crcs = planned.kind === "crc32" && planned.parts && this.crcs.get(planned.parts.file);
    if (planned.parts && crcs) {
      this.results[id] = await combined(planned.parts, crcs);
      return;
    }
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

async function combined({ first, count }: PartsOfFile, crcs: PartCrcs): Promise<number> {
  let crc = 0;
  for (let part = first; part < first + count; part += 1) {
    for (const { value, length } of await Promise.all(crcs.get(part) ?? [])) {
      crc = crc32Combine(crc, value, length);
    }
  }
  return crc;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
