import { TensorferryError, errorFromMessage } from "./errors.js";
import type { CallName, Calls, WorkerMessage } from "./worker/messages.js";

/** Without a sign of life for so long, a worker is given up. */
const SILENCE_MILLISECONDS = 10_000;
const CHECK_MILLISECONDS = 1_000;

/** What a slot needs of a worker. */
export type ConverterWorker = EventTarget & Pick<Worker, "postMessage" | "terminate">;

/** What a slot makes its workers with; in tests another one. */
export type WorkerFactory = () => ConverterWorker;

/** The worker, not the call, went wrong: the same call may succeed in another one. */
export class WorkerFailure extends TensorferryError {
  constructor(reason: string) {
    super(
      "worker-failed",
      `A background worker stopped and was replaced: ${reason.replace(/\.$/, "")}.`,
    );
  }
}

interface Pending {
  id: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  progress(bytes: number): void;
  lastSign: number;
}

/**
 * A place for one worker, made when it is first needed and again after it had to be given up (it
 * trapped, ran out of memory, or fell silent). One call at a time.
 */
export class WorkerSlot {
  /** Counts the workers that were given up: handles are of one generation. */
  generation = 0;
  private worker: ConverterWorker | undefined;
  private pending: Pending | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private lastId = 0;

  constructor(private readonly makeWorker: WorkerFactory) {}

  call<Name extends CallName>(
    name: Name,
    args: Calls[Name]["arguments"],
    progress: (bytes: number) => void = () => {},
  ): Promise<Calls[Name]["result"]> {
    const worker = this.ensureWorker();
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.pending = {
        id,
        resolve: resolve as (value: unknown) => void,
        reject,
        progress,
        lastSign: performance.now(),
      };
      this.startWatch();
      worker.postMessage({ id, call: name, arguments: args });
    });
  }

  /** Makes the worker now, so that the first call need not wait for it. */
  start(): void {
    this.ensureWorker();
  }

  /** Ends the worker at once; a running call fails with `reason`. */
  stop(reason: unknown): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.generation += 1;
    this.finish()?.reject(reason);
  }

  private ensureWorker(): ConverterWorker {
    if (this.worker) return this.worker;
    const worker = this.makeWorker();
    this.worker = worker;
    worker.addEventListener("message", (event) => {
      this.receive((event as MessageEvent<WorkerMessage>).data);
    });
    worker.addEventListener("messageerror", () => this.giveUp(worker, "its answer was unreadable"));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.giveUp(worker, (event as ErrorEvent).message || "it could not start");
    });
    return worker;
  }

  private receive(message: WorkerMessage): void {
    if (!this.pending || message.id !== this.pending.id) return;
    if ("progress" in message) {
      this.pending.lastSign = performance.now();
      this.pending.progress(message.progress);
    } else if ("fatal" in message) {
      this.stop(new WorkerFailure(message.fatal));
    } else if ("error" in message) {
      this.finish()?.reject(errorFromMessage(message.error));
    } else {
      this.finish()?.resolve(message.ok);
    }
  }

  private giveUp(worker: ConverterWorker, reason: string): void {
    if (worker === this.worker) this.stop(new WorkerFailure(reason));
  }

  private finish(): Pending | undefined {
    clearInterval(this.watch);
    const pending = this.pending;
    this.pending = undefined;
    return pending;
  }

  /** Where the page itself slept (a closed lid), the worker did too, and its silence says nothing. */
  private startWatch(): void {
    let lastCheck = performance.now();
    this.watch = setInterval(() => {
      const now = performance.now();
      const slept = now - lastCheck - CHECK_MILLISECONDS;
      lastCheck = now;
      if (!this.pending) return;
      if (slept > CHECK_MILLISECONDS) this.pending.lastSign += slept;
      if (now - this.pending.lastSign < SILENCE_MILLISECONDS) return;
      this.stop(new WorkerFailure(`no sign of life for ${SILENCE_MILLISECONDS / 1000} s`));
    }, CHECK_MILLISECONDS);
  }
}
