import { TensorferryError } from "./errors.js";
import type { Inspection, TensorStatistics } from "./inspection.js";
import type { MatchTarget } from "./match.js";
import type { ConvertOptions, ProbeArray } from "./options.js";
import type { Plan } from "./plan.js";
import type { EvaluateOptions, Evaluated, ProbeInputs } from "./reference.js";
import type { PartRange } from "./segments.js";
import { type WorkerFactory, WorkerFailure, WorkerSlot } from "./worker-slot.js";
import type { CallName, Calls, ReduceResults, Step } from "./worker/messages.js";

/** A handle of the planning worker, which dies with that worker. */
interface Handle {
  value: number;
  generation: number;
}

/** The one worker that opens and plans. Calls queue up. */
export class PlanningWorker {
  private readonly slot: WorkerSlot;
  private last: Promise<unknown> = Promise.resolve();

  constructor(makeWorker: WorkerFactory) {
    this.slot = new WorkerSlot(makeWorker);
  }

  get generation(): number {
    return this.slot.generation;
  }

  /** Runs `work` when what was asked before is done; once more where the worker had to be replaced. */
  async inTurn<Result>(work: (call: WorkerSlot["call"]) => Promise<Result>): Promise<Result> {
    const call: WorkerSlot["call"] = (name, args) => this.slot.call(name, args);
    const turn = this.last.then(async () => {
      try {
        return await work(call);
      } catch (error) {
        if (!(error instanceof WorkerFailure)) throw error;
        return work(call);
      }
    });
    this.last = turn.catch(() => {});
    return turn;
  }

  findModels(files: readonly File[], paths: readonly string[]): Promise<number[][]> {
    return this.inTurn((call) => call("findModels", { files, paths }));
  }

  start(): void {
    this.slot.start();
  }

  stop(reason: unknown): void {
    this.slot.stop(reason);
  }
}

type Call = <Name extends CallName>(
  name: Name,
  args: Calls[Name]["arguments"],
) => Promise<Calls[Name]["result"]>;

/** A model as the planning worker knows it; opened again where that worker was replaced. */
export class OpenedModel {
  private handle: Handle | undefined;
  private closed = false;

  constructor(
    private readonly worker: PlanningWorker,
    readonly files: readonly File[],
  ) {}

  open(): Promise<Inspection> {
    return this.worker.inTurn((call) => this.openNow(call));
  }

  plan(options: ConvertOptions): Promise<OpenedPlan> {
    return this.worker.inTurn(async (call) => {
      const plan = await this.planNow(call, options);
      return new OpenedPlan(this.worker, this, options, plan);
    });
  }

  statistics(tensor: number): Promise<TensorStatistics> {
    return this.worker.inTurn(async (call) => {
      const handle = await this.current(call);
      return call("statistics", { handle, tensor });
    });
  }

  matchTargets(): Promise<string[]> {
    return this.worker.inTurn((call) => call("matchTargets", {}));
  }

  readStateDict(file: File): Promise<MatchTarget> {
    return this.worker.inTurn((call) => call("readStateDict", { file }));
  }

  probeInputs(attempt: number): Promise<ProbeInputs> {
    return this.worker.inTurn(async (call) => {
      const handle = await this.current(call);
      return call("probeInputs", { handle, attempt });
    });
  }

  evaluate(inputs: readonly ProbeArray[], options: EvaluateOptions): Promise<Evaluated> {
    return this.worker.inTurn(async (call) => {
      const handle = await this.current(call);
      return call("evaluate", { handle, inputs, options });
    });
  }

  async planNow(call: Call, options: ConvertOptions): Promise<Plan> {
    return call("plan", { handle: await this.current(call), options });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.worker.inTurn(async (call) => {
      if (this.handle?.generation !== this.worker.generation) return;
      await call("close", { handle: this.handle.value });
      this.handle = undefined;
    });
  }

  private async current(call: Call): Promise<number> {
    if (this.closed) throw new TensorferryError("closed", "This model was closed.");
    if (this.handle?.generation !== this.worker.generation) await this.openNow(call);
    if (!this.handle) throw new TensorferryError("closed", "This model was closed.");
    return this.handle.value;
  }

  private async openNow(call: Call): Promise<Inspection> {
    const { handle, inspection } = await call("open", { files: this.files });
    this.handle = { value: handle, generation: this.worker.generation };
    return inspection;
  }
}

/** A plan as the planning worker knows it; made again where that worker was replaced. */
export class OpenedPlan {
  private handle: Handle;

  constructor(
    private readonly worker: PlanningWorker,
    private readonly model: OpenedModel,
    private readonly options: ConvertOptions,
    readonly plan: Plan,
  ) {
    this.handle = { value: plan.plan, generation: worker.generation };
  }

  steps(file: number, ranges: readonly PartRange[], results: ReduceResults): Promise<Step[]> {
    return this.worker.inTurn(async (call) => {
      const plan = await this.current(call);
      return call("steps", { plan, file, ranges, results });
    });
  }

  reduceJob(reduce: number, results: ReduceResults): Promise<Uint8Array<ArrayBuffer>> {
    return this.worker.inTurn(async (call) => {
      const plan = await this.current(call);
      return call("reduceJob", { plan, reduce, results });
    });
  }

  async release(): Promise<void> {
    await this.worker.inTurn(async (call) => {
      if (this.handle.generation !== this.worker.generation) return;
      await call("releasePlan", { plan: this.handle.value });
    });
  }

  private async current(call: Call): Promise<number> {
    if (this.handle.generation !== this.worker.generation) {
      const again = await this.model.planNow(call, this.options);
      this.handle = { value: again.plan, generation: this.worker.generation };
    }
    return this.handle.value;
  }
}
