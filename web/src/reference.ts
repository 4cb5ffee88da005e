import type { OpenedModel, PlanningWorker } from "./planning.js";
import type { ModuleSample, ProbeArray } from "./options.js";

/** Random inputs for a run of a model. */
export interface ProbeInputs {
  inputs: ProbeArray[];
  /** Multiply-adds of the reference evaluator, or what takes as long. */
  work: number;
  /** That it holds at once. */
  bytes: number;
  /** Why there are none; else empty. */
  unavailable: string;
}

/** What a layer, or a part of one, has computed. */
export interface LayerStep {
  /** Number of the model that has the layer: `LayerSummary.model`. */
  model: number;
  layer: string;
  /** The number of the model that it calls, of a nested one; else -1. */
  nested: number;
  outputs: ProbeArray[];
}

export interface Evaluated {
  outputs: ProbeArray[];
  modules: ModuleSample[];
  /** In the order of the computation; none where they were not asked for. */
  steps: LayerStep[];
}

export interface EvaluateOptions {
  /** Weights are rounded to it first. */
  dtype?: string;
  /** Keeps what each layer computes. */
  steps?: boolean;
}

/** The plain and slow evaluator of a model's meaning, in a worker of its own. */
export class Reference {
  constructor(
    private readonly worker: PlanningWorker,
    private readonly opened: OpenedModel,
  ) {}

  /** The same each time for one attempt: 0; 1 and 2 where outputs were not finite. */
  inputs(attempt = 0): Promise<ProbeInputs> {
    return this.opened.probeInputs(attempt);
  }

  evaluate(inputs: readonly ProbeArray[], options: EvaluateOptions = {}): Promise<Evaluated> {
    return this.opened.evaluate(inputs, options);
  }

  /** Ends its worker; what is under way fails with the reason. */
  close(reason: unknown): void {
    this.worker.stop(reason);
  }
}
