import { WorkerFailure, type WorkerFactory, WorkerSlot } from "./worker-slot.js";
import type { Calls } from "./worker/messages.js";

/** What any worker can do, as it needs nothing from another call. */
type PoolCall = "produce" | "crc" | "reduce";

interface Task {
  run(slot: WorkerSlot): Promise<void>;
  reject(error: unknown): void;
  signal: AbortSignal | undefined;
}

/** Workers that produce, each with an instance of its own; calls wait for a free one in order. */
export class Pool {
  private readonly idle: WorkerSlot[];
  private readonly slots: readonly WorkerSlot[];
  private readonly queue: Task[] = [];

  constructor(
    makeWorker: WorkerFactory,
    readonly size: number,
  ) {
    this.slots = Array.from({ length: size }, () => new WorkerSlot(makeWorker));
    this.idle = [...this.slots];
  }

  /**
   * `progress` is told of bytes done, and of a negative number where a worker had to be replaced
   * and the call begins anew (once).
   */
  call<Name extends PoolCall>(
    name: Name,
    args: Calls[Name]["arguments"],
    progress: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<Calls[Name]["result"]> {
    return new Promise((resolve, reject) => {
      const run = async (slot: WorkerSlot) =>
        resolve(await this.attempt(slot, name, args, progress, signal));
      this.queue.push({ run, reject, signal });
      this.dispatch();
    });
  }

  /** Makes the workers that are not there yet. */
  start(): void {
    for (const slot of this.slots) slot.start();
  }

  stop(reason: unknown): void {
    for (const task of this.queue.splice(0)) task.reject(reason);
    for (const slot of this.slots) slot.stop(reason);
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const slot = this.idle.pop();
      if (!slot) return;
      const task = this.queue.shift();
      if (!task) return;
      void this.runOn(slot, task);
    }
  }

  private async runOn(slot: WorkerSlot, task: Task): Promise<void> {
    // A call of the module can't be interrupted, its worker can.
    const abort = () => slot.stop(task.signal?.reason);
    try {
      task.signal?.throwIfAborted();
      task.signal?.addEventListener("abort", abort);
      await task.run(slot);
    } catch (error) {
      task.reject(error);
    } finally {
      task.signal?.removeEventListener("abort", abort);
      this.idle.push(slot);
      this.dispatch();
    }
  }

  private async attempt<Name extends PoolCall>(
    slot: WorkerSlot,
    name: Name,
    args: Calls[Name]["arguments"],
    progress: (bytes: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<Calls[Name]["result"]> {
    let done = 0;
    const count = (bytes: number) => {
      done += bytes;
      progress(bytes);
    };
    try {
      return await slot.call(name, args, count);
    } catch (error) {
      if (!(error instanceof WorkerFailure) || signal?.aborted) throw error;
      progress(-done);
      return slot.call(name, args, progress);
    }
  }
}
