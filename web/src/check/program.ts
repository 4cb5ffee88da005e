/**
 * The whole program of the worker that runs a converted model in real TensorFlow.js, by its CPU
 * backend: float32 without a GPU's lower precision. The build makes one text of it and of
 * TensorFlow.js; the page loads that before it is locked.
 */

import "@tensorflow/tfjs-backend-cpu";
import { type Tensor, io, setBackend, tensor, version_core } from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import type { ProbeArray } from "../options.js";
import { layerDifferences } from "./layers.js";
import type { RunAnswer, RunRequest, RunResult } from "./messages.js";

interface ModelJson {
  modelTopology: io.ModelJSON["modelTopology"];
  weightsManifest: io.WeightsManifestConfig;
}

async function load({ model, weights }: RunRequest): Promise<LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(model) as ModelJson;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  return loadLayersModel(io.fromMemory({ modelTopology, weightSpecs, weightData: weights }));
}

async function run(request: RunRequest): Promise<RunResult> {
  await setBackend("cpu");
  const model = await load(request);
  const inputs = request.inputs.map((input, i) => tensorOf(input, model.inputs[i]?.dtype));
  const { layers } = request;
  return {
    version: version_core,
    outputs: predicted(model, inputs).map(arrayOf),
    layers: layers ? layerDifferences(model, inputs, layers, predicted, arrayOf) : [],
  };
}

function tensorOf({ data, shape }: ProbeArray, dtype = "float32"): Tensor {
  return tensor(Float32Array.from(data), shape, dtype === "int32" ? "int32" : "float32");
}

/** All samples at once: what the samples share is computed once. */
function predicted(model: LayersModel, inputs: readonly Tensor[]): Tensor[] {
  const batchSize = Math.max(1, ...inputs.map(({ shape }) => shape[0] ?? 1));
  return [model.predict([...inputs], { batchSize })].flat();
}

function arrayOf(value: Tensor): ProbeArray {
  return { shape: [...value.shape], data: Float64Array.from(value.dataSync()) };
}

async function answered(request: RunRequest): Promise<RunAnswer> {
  try {
    return { result: await run(request) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

addEventListener("message", ({ data }: MessageEvent<RunRequest>) => {
  void answered(data).then((answer) => postMessage(answer));
});
