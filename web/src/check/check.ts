/** Checks of one model: what they need is made when they begin, and gone when they end. */

import type { Bundle } from "../bundle.js";
import type { Model } from "../model.js";
import type { ProbeArray, ProbeRun } from "../options.js";
import type { ProbeInputs, Reference } from "../reference.js";
import { type Difference, difference, isFinite, roundingOf, worst } from "./compare.js";
import type { LayerDifference, RunResult } from "./messages.js";
import { runTfjs, tfjsModel } from "./tfjs-run.js";

/** Up to here a check takes a few seconds at most, and is made without being asked for. */
const MOST_WORK = 8e8;
const MOST_BYTES = 100e6;

const ATTEMPTS = 3;
const SHORT_MILLISECONDS = 20_000;
const LONG_MILLISECONDS = 180_000;

export type CheckStep = "tfjs" | "reference";

export interface CheckOptions {
  /** Was asked for, so it may take its time. */
  asked: boolean;
  signal: AbortSignal;
  /** Is told what is under way. */
  onStep(step: CheckStep): void;
}

/** Why nothing was run. */
type Unchecked = { kind: "large" } | { kind: "unavailable"; reason: string };

/** A run that goes into the download, or why there is none; `withoutTfjs`: why it is not TF.js's. */
export type Probed = Unchecked | MadeRun;

export interface MadeRun {
  kind: "run";
  run: ProbeRun;
  withoutTfjs: string;
  /** Of TensorFlow.js from the reference; undefined where one of them alone has run. */
  apart: Difference | undefined;
}

export type Compared =
  | Unchecked
  | { kind: "compared"; version: string; whole: Difference; layers: LayerDifference[] }
  | { kind: "failed"; reason: string };

export class Check {
  private readonly runs = new Map<string, MadeRun>();

  /** `program`: the text of check/program.ts, where it is there. */
  constructor(
    private readonly model: Model,
    private readonly program: string | undefined,
  ) {}

  get hasTfjs(): boolean {
    return this.program !== undefined;
  }

  /** A run that was made with weights of this type. */
  known(dtype: string): MadeRun | undefined {
    return this.runs.get(dtype);
  }

  /** A run of the original, by TensorFlow.js where that can be, else by the reference. */
  async probe(dtype: string, options: CheckOptions): Promise<Probed> {
    return this.withInputs(options, async (reference, inputs) => {
      const found = await this.runOf(reference, inputs, dtype, options);
      if (!found.run.outputs.every(isFinite)) return undefined;
      this.runs.set(dtype, found);
      return found;
    });
  }

  /** The converted model in TensorFlow.js beside the reference. */
  async compare(bundle: Bundle, layers: boolean, options: CheckOptions): Promise<Compared> {
    const { program } = this;
    if (program === undefined) return { kind: "unavailable", reason: "" };
    return this.withInputs(options, async (reference, inputs) => {
      options.onStep("reference");
      const expected = await reference.evaluate(inputs, { steps: layers });
      if (!expected.outputs.every(isFinite)) return undefined;
      options.onStep("tfjs");
      return this.compared(program, bundle, inputs, expected, layers, options);
    });
  }

  private async compared(
    program: string,
    bundle: Bundle,
    inputs: ProbeArray[],
    { outputs, steps }: Awaited<ReturnType<Reference["evaluate"]>>,
    layers: boolean,
    options: CheckOptions,
  ): Promise<Compared> {
    const outer = this.model.inspect().layers.filter(({ depth }) => depth === 0);
    const root = outer.find((layer) => layer.model !== null)?.model ?? 0;
    const rounding = this.rounding();
    try {
      const model = await tfjsModel(bundle, options.signal);
      const request = {
        ...model,
        inputs,
        ...(layers ? { layers: { steps, root, rounding } } : {}),
      };
      const found = await runTfjs(program, request, limitOf(options), options.signal);
      const whole = this.apart(outputs, found.outputs);
      return { kind: "compared", version: found.version, whole, layers: found.layers };
    } catch (error) {
      options.signal.throwIfAborted();
      return { kind: "failed", reason: reasonOf(error) };
    }
  }

  private async runOf(
    reference: Reference,
    inputs: ProbeArray[],
    dtype: string,
    options: CheckOptions,
  ): Promise<MadeRun> {
    let byTfjs: RunResult | undefined;
    let withoutTfjs = "";
    // TensorFlow.js knows no other precision.
    if (this.program !== undefined && (dtype === "" || dtype === "float32")) {
      options.onStep("tfjs");
      try {
        byTfjs = await this.tfjsRun(this.program, inputs, options);
      } catch (error) {
        options.signal.throwIfAborted();
        withoutTfjs = reasonOf(error);
      }
    }
    options.onStep("reference");
    const { outputs, modules } = await reference.evaluate(inputs, { dtype });
    const run = byTfjs
      ? { runtime: `TensorFlow.js ${byTfjs.version}`, inputs, outputs: byTfjs.outputs, modules }
      : { runtime: "", inputs, outputs, modules };
    const apart = byTfjs ? this.apart(outputs, byTfjs.outputs) : undefined;
    return { kind: "run", run, withoutTfjs, apart };
  }

  private async tfjsRun(
    program: string,
    inputs: ProbeArray[],
    options: CheckOptions,
  ): Promise<RunResult> {
    const bundle = await this.model.convert({ target: "tfjs" });
    try {
      const request = { ...(await tfjsModel(bundle, options.signal)), inputs };
      return await runTfjs(program, request, limitOf(options), options.signal);
    } finally {
      void bundle.release();
    }
  }

  /** What `attempt` makes of random inputs: of the next ones where it fails, or makes nothing as an
   * output is not finite. */
  private async withInputs<Result>(
    options: CheckOptions,
    attempt: (reference: Reference, inputs: ProbeArray[]) => Promise<Result | undefined>,
  ): Promise<Result | Unchecked> {
    return this.withReference(options.signal, async (reference): Promise<Result | Unchecked> => {
      let reason = "its outputs are not finite for random inputs";
      for (let number = 0; number < ATTEMPTS; number += 1) {
        const made = await reference.inputs(number);
        if (made.unavailable) return { kind: "unavailable", reason: made.unavailable };
        if (!options.asked && this.isLarge(made)) return { kind: "large" };
        try {
          const found = await attempt(reference, made.inputs);
          if (found !== undefined) return found;
        } catch (error) {
          options.signal.throwIfAborted();
          reason = reasonOf(error);
        }
      }
      return { kind: "unavailable", reason };
    });
  }

  private async withReference<Result>(
    signal: AbortSignal,
    work: (reference: Reference) => Promise<Result>,
  ): Promise<Result> {
    const reference = this.model.reference();
    const stop = () => reference.close(signal.reason);
    signal.addEventListener("abort", stop);
    try {
      signal.throwIfAborted();
      return await work(reference);
    } finally {
      signal.removeEventListener("abort", stop);
      reference.close(new Error("The check has ended."));
    }
  }

  private apart(expected: readonly ProbeArray[], found: readonly ProbeArray[]): Difference {
    const rounding = this.rounding();
    return worst(expected.map((one, i) => difference(one, found[i], rounding)));
  }

  private isLarge({ work }: ProbeInputs): boolean {
    return work > MOST_WORK || this.model.inspect().bytes > MOST_BYTES;
  }

  private rounding(): ReturnType<typeof roundingOf> {
    const weighted = this.model.inspect().layers.filter(({ weights }) => weights.length > 0);
    return roundingOf(weighted.length);
  }
}

function limitOf({ asked }: CheckOptions): number {
  return asked ? LONG_MILLISECONDS : SHORT_MILLISECONDS;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
