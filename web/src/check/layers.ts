/** Each layer of a TensorFlow.js model beside what the reference has computed for it. */

import type { Tensor } from "@tensorflow/tfjs-core";
import { type LayersModel, type SymbolicTensor, type layers, model } from "@tensorflow/tfjs-layers";
import type { ProbeArray } from "../options.js";
import type { LayerStep } from "../reference.js";
import { type Difference, type Rounding, difference, sameShape, worst } from "./compare.js";
import type { LayerDifference, RunRequest } from "./messages.js";

type Layer = layers.Layer;
type Predict = (model: LayersModel, inputs: readonly Tensor[]) => Tensor[];

/** A call of a layer: its symbolic outputs, and their numbers. */
interface Call {
  inputs: SymbolicTensor[];
  outputs: SymbolicTensor[];
  found: ProbeArray[];
}

export function layerDifferences(
  whole: LayersModel,
  inputs: readonly Tensor[],
  { steps, root, rounding }: NonNullable<RunRequest["layers"]>,
  predict: Predict,
  arrayOf: (value: Tensor) => ProbeArray,
): LayerDifference[] {
  return within(whole, inputs, root, "");

  function within(
    owner: LayersModel,
    given: readonly Tensor[],
    number: number,
    path: string,
  ): LayerDifference[] {
    const ours = steps.filter((step) => step.model === number);
    const called = owner.layers.filter(
      (layer) =>
        layer.getClassName() !== "InputLayer" && ours.some((step) => step.layer === layer.name),
    );
    const calls = callsOf(owner, called, given);
    return called.flatMap((layer) => {
      const name = path + layer.name;
      const all = ours.filter((step) => step.layer === layer.name);
      const made = calls.get(layer) ?? [];
      const isWhole = !owner.layers.some((other) => other.name.startsWith(`${layer.name}_`));
      const found = ofCalls(made, all, isWhole, rounding);
      const rows = found ? [{ layer: name, ...found }] : [];
      const inner = nestedOf(layer, all);
      return inner && made.length === 1 && found?.status !== "ok"
        ? [
            ...within(inner.model, valuesOf(owner, made[0], given), inner.number, `${name}/`),
            ...rows,
          ]
        : rows;
    });
  }

  /** Runs the model with the outputs of all these layers as its own. */
  function callsOf(
    owner: LayersModel,
    called: readonly Layer[],
    given: readonly Tensor[],
  ): Map<Layer, Call[]> {
    const calls = new Map<Layer, Call[]>();
    for (const layer of called) {
      calls.set(
        layer,
        nodesOf(layer).map(({ inputTensors, outputTensors }) => ({
          inputs: inputTensors,
          outputs: outputTensors,
          found: [],
        })),
      );
    }
    const all = [...calls.values()].flat();
    const outputs = all.flatMap((call) => call.outputs);
    if (outputs.length === 0) return calls;
    const values = predict(model({ inputs: owner.inputs, outputs }), given).map(arrayOf);
    for (const call of all) call.found = values.splice(0, call.outputs.length);
    return calls;
  }

  /** What a call is given. */
  function valuesOf(
    owner: LayersModel,
    call: Call | undefined,
    given: readonly Tensor[],
  ): readonly Tensor[] {
    const wanted = call?.inputs ?? [];
    const places = wanted.map((input) => owner.inputs.indexOf(input));
    if (places.every((place) => place >= 0)) {
      return places.flatMap((place) => given[place] ?? []);
    }
    return predict(model({ inputs: owner.inputs, outputs: wanted }), given);
  }
}

/** The calls of a layer. A model has one more, from its own inputs to its own outputs. */
function nodesOf(layer: Layer): Layer["inboundNodes"] {
  const [own] = isModel(layer) ? layer.inputs : [];
  return layer.inboundNodes.filter(({ inputTensors }) => !own || inputTensors[0] !== own);
}

function isModel(layer: Layer): layer is LayersModel {
  return "layers" in layer && "predict" in layer;
}

function nestedOf(
  layer: Layer,
  steps: readonly LayerStep[],
): { model: LayersModel; number: number } | undefined {
  const number = steps.find(({ nested }) => nested >= 0)?.nested;
  return number !== undefined && isModel(layer) ? { model: layer, number } : undefined;
}

/**
 * The steps of a layer are those of its calls, one call after the other. Undefined where none of
 * them has the shape of what TensorFlow.js computes: then the layer is another one there.
 */
function ofCalls(
  calls: readonly Call[],
  steps: readonly LayerStep[],
  isWhole: boolean,
  rounding: Rounding,
): Difference | undefined {
  const each = steps.length / calls.length;
  if (!Number.isInteger(each)) return undefined;
  const differences = calls.flatMap((call, i) => {
    const last = steps.slice(i * each, (i + 1) * each).reverse();
    return ofCall(
      call,
      last.flatMap(({ outputs }) => outputs),
      isWhole,
      rounding,
    );
  });
  return differences.length > 0 ? worst(differences) : undefined;
}

/**
 * `expected`: what the parts of the layer have computed, the last first. A layer that became several
 * in TensorFlow.js may be there without its end.
 */
function ofCall(
  call: Call,
  expected: readonly ProbeArray[],
  isWhole: boolean,
  rounding: Rounding,
): Difference[] {
  const [found] = call.found;
  if (!found) return [];
  const all = expected
    .filter((one) => sameShape(one, found))
    .map((one) => difference(one, found, rounding));
  const best = isWhole ? all[0] : (all.find(({ status }) => status === "ok") ?? all[0]);
  return best ? [best] : [];
}
