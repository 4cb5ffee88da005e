/** A worker thread of Node that behaves like a browser's worker, as far as worker-slot.ts asks. */

import { Worker } from "node:worker_threads";
import type { ConverterWorker } from "../worker-slot.js";
import { type FileStub, LEAST_BYTES, type ReadMessage, ReadState } from "./thread-messages.js";

interface WithFiles {
  arguments?: { files?: readonly File[] };
}

export class ThreadWorker extends EventTarget implements ConverterWorker {
  private readonly thread: Worker;
  /** Of the call that is under way. */
  private files: readonly File[] = [];

  constructor(url: URL) {
    super();
    this.thread = new Worker(url, { name: "tensorferry" });
    this.thread.on("message", (message: ReadMessage | object) => {
      if ("read" in message) void this.read(message);
      else this.dispatchEvent(new MessageEvent("message", { data: message }));
    });
    this.thread.on("messageerror", () => this.dispatchEvent(new Event("messageerror")));
    this.thread.on("error", (error: unknown) => this.fail(reasonOf(error)));
    this.thread.on("exit", () => this.fail("it ended"));
    // A worker that waits for calls does not keep the program running; a call under way does.
    this.thread.unref();
  }

  postMessage(message: WithFiles): void {
    const files = message.arguments?.files;
    if (!files) return this.thread.postMessage(message);
    this.files = files;
    const stubs = files.map(({ name, size }, file): FileStub => ({ file, name, size }));
    this.thread.postMessage({ ...message, arguments: { ...message.arguments, files: stubs } });
  }

  terminate(): void {
    void this.thread.terminate();
  }

  private fail(message: string): void {
    this.dispatchEvent(Object.assign(new Event("error"), { message }));
  }

  private async read({ read, state, bytes }: ReadMessage): Promise<void> {
    const { file, offset, length } = read;
    let outcome: number = ReadState.done;
    try {
      const range = this.files[file]?.slice(offset, offset + length);
      if (range?.size !== length) throw new Error(`it ends before byte ${offset + length}`);
      new Uint8Array(bytes).set(new Uint8Array(await range.arrayBuffer()));
    } catch (error) {
      const reason = new TextEncoder().encode(reasonOf(error));
      new Uint8Array(bytes).fill(0).set(reason.subarray(0, LEAST_BYTES));
      outcome = ReadState.failed;
    }
    const told = new Int32Array(state);
    Atomics.store(told, 0, outcome);
    Atomics.notify(told, 0);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
