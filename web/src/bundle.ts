import type { Note } from "./inspection.js";
import type { MappingRow } from "./match.js";
import type { OpenedPlan } from "./planning.js";
import type { LayerLines, PlannedFile } from "./plan.js";
import type { Pool } from "./pool.js";
import { Production } from "./production.js";
import { type Progress, ProgressMeter } from "./progress.js";

export interface ProduceOptions {
  onProgress?: (progress: Progress) => void;
  /** Aborting ends the work at once; what was asked for rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Where `Bundle.saveTo` writes: what `showDirectoryPicker` gives. */
export type Folder = FileSystemDirectoryHandle;

/** A file of the output; its bytes are made when they are asked for. */
export class OutputFile {
  readonly path: string;
  readonly bytes: number;

  constructor(
    private readonly bundle: Bundle,
    private readonly index: number,
    planned: PlannedFile,
  ) {
    this.path = planned.path;
    this.bytes = planned.bytes;
  }

  async blob(options: ProduceOptions = {}): Promise<Blob> {
    return blobOf(this.bundle.production([this.index], options), this.index);
  }

  /** Bounded memory: pieces are made as the stream is read. */
  stream(options: ProduceOptions = {}): ReadableStream<Uint8Array> {
    const pieces = this.bundle.pieces(this.index, options);
    let current: ReadableStreamDefaultReader<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        for (;;) {
          if (!current) {
            const next = await pieces.next();
            if (next.done) return controller.close();
            current = next.value.stream().getReader();
          }
          const { done, value } = await current.read();
          if (!done) return controller.enqueue(value);
          current = undefined;
        }
      },
      async cancel(reason) {
        await current?.cancel(reason);
        await pieces.return(undefined);
      },
    });
  }
}

/** A planned conversion: everything is known of it but the bytes. */
export class Bundle {
  readonly files: readonly OutputFile[];
  /** 1 where something was left out; the notes say what. */
  readonly exitCode: 0 | 1;
  readonly notes: readonly Note[];
  /** Text of manifest.json, without checksums. */
  readonly manifest: string;
  /** Text of `entry`. */
  readonly source: string;
  /** "model.py", "load.py" of a match, or "model.json". */
  readonly entry: string;
  /** The lines that load it, in Python or JavaScript. */
  readonly snippet: string;
  /** Which lines of `source` are of which layer; none for TF.js. */
  readonly lines: readonly LayerLines[];
  /** Which layer went to which module of `PyTorchOptions.match`: mapping.json. */
  readonly mapping: readonly MappingRow[] | undefined;
  readonly bytes: number;

  constructor(
    private readonly opened: OpenedPlan,
    private readonly pool: Pool,
    private readonly sources: readonly File[],
  ) {
    const plan = opened.plan;
    this.files = plan.files.map((file, index) => new OutputFile(this, index, file));
    this.exitCode = plan.exitCode;
    this.notes = plan.notes;
    this.manifest = plan.manifest;
    this.source = plan.source;
    this.entry = plan.entry;
    this.snippet = plan.snippet;
    this.lines = plan.lines;
    this.mapping = plan.mapping;
    this.bytes = plan.files.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** All files as Blobs, made side by side. Large ranges of the dropped file are not read. */
  async blobs(options: ProduceOptions = {}): Promise<{ path: string; blob: Blob }[]> {
    const production = this.production([...this.files.keys()], options);
    return Promise.all(
      this.files.map(async ({ path }, index) => ({ path, blob: await blobOf(production, index) })),
    );
  }

  /** Writes all files into a folder, one after another, with bounded memory. */
  async saveTo(folder: Folder, options: ProduceOptions = {}): Promise<void> {
    const production = this.production([...this.files.keys()], options);
    for (const [index, file] of this.files.entries()) {
      options.signal?.throwIfAborted();
      const writable = await (await fileIn(folder, file.path)).createWritable();
      try {
        for await (const piece of production.pieces(index, this.ahead)) await writable.write(piece);
      } catch (error) {
        await writable.abort(error);
        throw error;
      }
      await writable.close();
    }
  }

  /** Frees what the planning worker holds for it. */
  release(): Promise<void> {
    return this.opened.release();
  }

  /** @internal */
  pieces(file: number, options: ProduceOptions): AsyncGenerator<Blob> {
    return this.production([file], options).pieces(file, this.ahead);
  }

  /** @internal */
  production(files: readonly number[], options: ProduceOptions): Production {
    const meter = new ProgressMeter(Production.work(this.opened, files), options.onProgress);
    return new Production(this.opened, this.pool, this.sources, meter.count, options.signal);
  }

  /** Two pieces a worker: one in work, one ready to be written. */
  private get ahead(): number {
    return 2 * this.pool.size;
  }
}

async function blobOf(production: Production, file: number): Promise<Blob> {
  const pieces: Blob[] = [];
  for await (const piece of production.pieces(file, Infinity)) pieces.push(piece);
  return new Blob(pieces);
}

async function fileIn(folder: Folder, path: string): Promise<FileSystemFileHandle> {
  const names = path.split("/");
  const name = names.pop() ?? path;
  let inside = folder;
  for (const part of names) inside = await inside.getDirectoryHandle(part, { create: true });
  return inside.getFileHandle(name, { create: true });
}
