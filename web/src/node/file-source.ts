/** ../worker/file-source.ts for a worker thread of Node: the main thread reads, this one waits. */

import { parentPort } from "node:worker_threads";
import { TensorferryError } from "../errors.js";
import type { FileSource } from "../worker/file-source.js";
import { type FileStub, LEAST_BYTES, type ReadMessage, ReadState } from "./thread-messages.js";

const state = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
/** What was read last, of any file; used again and again. */
let buffer = new SharedArrayBuffer(LEAST_BYTES);

export function fileSource(
  { file, name, size }: FileStub,
  alive: (bytes: number) => void,
): FileSource {
  return {
    name,
    size,
    // What is read ahead would come the same way.
    readAhead: () => Promise.resolve(),
    read(offset, length) {
      if (buffer.byteLength < length) buffer = new SharedArrayBuffer(length);
      readNow({ read: { file, offset, length }, state, bytes: buffer }, name);
      alive(length);
      return new Uint8Array(buffer, 0, length);
    },
  };
}

function readNow(message: ReadMessage, name: string): void {
  const told = new Int32Array(state);
  Atomics.store(told, 0, ReadState.waiting);
  parentPort?.postMessage(message);
  Atomics.wait(told, 0, ReadState.waiting);
  if (Atomics.load(told, 0) === ReadState.done) return;
  const reason = new TextDecoder().decode(new Uint8Array(message.bytes).slice(0, LEAST_BYTES));
  throw new TensorferryError(
    "read-failed",
    `${name} could not be read: ${reason.replaceAll("\0", "")}.`,
  );
}
