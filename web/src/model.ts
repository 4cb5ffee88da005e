import { Bundle } from "./bundle.js";
import type { Inspection, TensorStatistics } from "./inspection.js";
import type { MatchTarget } from "./match.js";
import type { ConvertOptions } from "./options.js";
import { OpenedModel, PlanningWorker } from "./planning.js";
import type { Pool } from "./pool.js";
import { Reference } from "./reference.js";
import type { WorkerFactory } from "./worker-slot.js";

/** An opened model: described, no tensor read. */
export class Model {
  constructor(
    private readonly opened: OpenedModel,
    private readonly inspection: Inspection,
    private readonly pool: Pool,
    private readonly makeWorker: WorkerFactory,
  ) {}

  inspect(): Inspection {
    return this.inspection;
  }

  /** Plans the output. No tensor is read before a file of the bundle is asked for its bytes. */
  async convert(options: ConvertOptions): Promise<Bundle> {
    const plan = await this.opened.plan(options);
    this.pool.start(); // not before: what is in the file is to be on the screen first
    return new Bundle(plan, this.pool, this.opened.files);
  }

  /** Reads one tensor, twice: `index` is that of `Inspection.weights`. */
  statistics(index: number): Promise<TensorStatistics> {
    return this.opened.statistics(index);
  }

  /** The PyTorch models that `PyTorchOptions.match` knows by name: "torchvision:resnet50"…. */
  matchTargets(): Promise<string[]> {
    return this.opened.matchTargets();
  }

  /**
   * A state_dict (`.pt` or `.safetensors`) as `PyTorchOptions.match` takes it: names and shapes. A
   * pickle is read by the opcodes of a state_dict and never executed. Fails with "wrong-format".
   */
  readStateDict(file: File): Promise<MatchTarget> {
    return this.opened.readStateDict(file);
  }

  /** An evaluator of this model; to be closed by whoever asked for it. */
  reference(): Reference {
    const worker = new PlanningWorker(this.makeWorker);
    return new Reference(worker, new OpenedModel(worker, this.opened.files));
  }

  /** Frees what the planning worker holds for it. */
  close(): Promise<void> {
    return this.opened.close();
  }
}
