import type { Inspection } from "../inspection.js";
import type { ConvertOptions, ProbeArray } from "../options.js";
import type { Plan, PlannedFile } from "../plan.js";
import type { EvaluateOptions, Evaluated, LayerStep, ProbeInputs } from "../reference.js";
import type { PartRange } from "../segments.js";
import type { ReduceResults, Step } from "./messages.js";
import type { Converter, Source } from "./module.js";
import { givenOr, valueOf, viewOf } from "./module.js";

/** What only the planning worker does: its answers speak of handles of its own instance. */
export class Planner {
  /** The files of the plans that are alive, as the module told them; then their temporaries. */
  private readonly files = new Map<number, PlannedFile[]>();

  constructor(private readonly converter: Converter) {}

  open(sources: Source[]): { handle: number; inspection: Inspection } {
    const handle = valueOf<number>(this.converter.open(sources));
    return { handle, inspection: valueOf<Inspection>(this.converter.inspect(handle)) };
  }

  close(handle: number): void {
    this.converter.close(handle);
  }

  probeInputs(handle: number, attempt: number): ProbeInputs {
    return givenOr(this.converter.probeInputs(handle, attempt));
  }

  /** `alive` is called again and again. */
  evaluate(
    handle: number,
    inputs: readonly ProbeArray[],
    { dtype = "", steps: withSteps = false }: EvaluateOptions,
    alive: () => void,
  ): Evaluated {
    const steps: LayerStep[] = [];
    const step = (model: number, layer: string, nested: number, outputs: ProbeArray[]) => {
      alive();
      if (withSteps) steps.push({ model, layer, nested, outputs });
    };
    const made = givenOr(this.converter.evaluate(handle, dtype, inputs, withSteps, step));
    return { ...made, steps };
  }

  plan(handle: number, options: ConvertOptions): Plan {
    const { probe, ...others } = { probe: undefined, ...options };
    const run = typeof probe === "object" ? probe : undefined;
    const spelled = JSON.stringify({ ...others, ...(probe === true ? { probe } : {}) });
    const plan = valueOf<Plan>(this.converter.plan(handle, spelled, run));
    this.files.set(plan.plan, [...plan.files, ...plan.temporaries]);
    return plan;
  }

  releasePlan(plan: number): void {
    this.files.delete(plan);
    this.converter.releasePlan(plan);
  }

  steps(plan: number, file: number, ranges: readonly PartRange[], results: ReduceResults): Step[] {
    const known = JSON.stringify(results);
    return ranges.map(({ part, begin, length }): Step => {
      const described = this.files.get(plan)?.[file]?.parts[part];
      if (!described) throw new Error(`there is no part ${part} in file ${file} of plan ${plan}`);
      switch (described.kind) {
        case "slice":
          return { kind: "slice", file: described.file, offset: described.offset + begin, length };
        case "inline":
        case "deferred": {
          const bytes = viewOf(this.converter.bytes(plan, file, part, known));
          return { kind: "bytes", bytes: bytes.slice(begin, begin + length) };
        }
        case "computed": {
          const job = viewOf(this.converter.job(plan, file, part, known)).slice();
          return { kind: "job", job, begin, length };
        }
      }
    });
  }

  reduceJob(plan: number, reduce: number, results: ReduceResults): Uint8Array<ArrayBuffer> {
    return viewOf(this.converter.reduceJob(plan, reduce, JSON.stringify(results))).slice();
  }
}
