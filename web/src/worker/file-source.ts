import type { FileRange, Source } from "./module.js";
import { heldBytes, readAhead } from "./read-ahead.js";

/** Of workers only, so not among the page's types. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** What was read last, of any file. */
let last: ArrayBuffer | undefined;

export interface FileSource extends Source {
  /** See read-ahead.ts; of all sources one at a time. */
  readAhead(ranges: readonly FileRange[], most: number): Promise<void>;
}

/**
 * A dropped file, read range by range; what a read gives lives until the next one, of any file.
 * `alive` is told of each read (a sign of life).
 */
export function fileSource(file: File, alive: (bytes: number) => void): FileSource {
  const reader = new FileReaderSync();
  return {
    name: file.name,
    size: file.size,
    readAhead: (ranges, most) => readAhead(file, ranges, most),
    read(offset, length) {
      const held = heldBytes(file, offset, length);
      if (held) return held;
      if (last) release(last);
      last = reader.readAsArrayBuffer(file.slice(offset, offset + length));
      alive(last.byteLength);
      return new Uint8Array(last);
    },
  };
}

/**
 * Gives the memory back now: collected late, such buffers are a worker's largest share. What is
 * posted into a closed channel is freed; `ArrayBuffer.transfer(0)` is not enough for Chromium, whose
 * own object keeps the bytes until it is collected. The channel is made when the worker starts, as
 * the other end learns of its closing between two calls.
 */
const { port1: nowhere, port2: other } = new MessageChannel();
other.close();

function release(buffer: ArrayBuffer): void {
  nowhere.postMessage(null, [buffer]);
}
