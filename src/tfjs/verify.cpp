#include "tfjs/verify.h"

#include <string_view>

namespace tensorferry::tfjs {
namespace {

constexpr std::string_view head =
    R"(// Does this model compute what the Keras file says? PASS or FAIL.
//
//     npm install @tensorflow/tfjs
//     node verify.mjs
//
// probe.safetensors holds random inputs, and the outputs for them that
// )";

constexpr std::string_view introduction = R"(
// before anything was rewritten for TensorFlow.js. This script gives the inputs to model.json in
// TensorFlow.js. PASS proves that two separately written spellings of one reading of the file agree;
// that the file was read rightly, only Keras can tell.

import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";

const read = (name) => readFile(new URL(name, import.meta.url));

/** Little-endian numbers of the types that a probe has. */
const TYPES = {
  F32: Float32Array,
  F64: Float64Array,
  I8: Int8Array,
  I16: Int16Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
  U16: Uint16Array,
  U32: Uint32Array,
  U64: BigUint64Array,
  BOOL: Uint8Array,
};

async function readProbe() {
  const file = await read("probe.safetensors");
  const begin = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, begin).toString());
  const tensors = (side) => {
    const found = [];
    for (let i = 0; header[`${side}.${i}`]; i += 1) {
      const { dtype, shape, data_offsets } = header[`${side}.${i}`];
      const bytes = new Uint8Array(file.subarray(begin + data_offsets[0], begin + data_offsets[1]));
      found.push({ shape, data: Float32Array.from(new TYPES[dtype](bytes.buffer), Number) });
    }
    return found;
  };
  return { inputs: tensors("input"), outputs: tensors("output") };
}

async function loadModel() {
  const { modelTopology, weightsManifest } = JSON.parse(await read("model.json"));
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const paths = weightsManifest.flatMap((group) => group.paths);
  const weightData = new Uint8Array(Buffer.concat(await Promise.all(paths.map(read)))).buffer;
  if (weightSpecs.some((weight) => weight.quantization)) {
    console.log("The weights are quantized, so some difference is expected.");
  }
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

const largest = (numbers) => numbers.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
)";

constexpr std::string_view deep_lines = R"(
function allowedFor({ shape, data }) {
  // The roundings of many layers, by what two samples differ in.
  const last = data.subarray(data.length - data.length / shape[0]);
  const spread = largest(last.map((number, i) => number - data[i]));
  return Math.max(5e-5 * largest(data) + 1e-6, 1e-3 * spread);
}
)";

constexpr std::string_view tail = R"(
await tf.setBackend("cpu"); // float32, without the lower precision of a GPU
const probe = await readProbe();
const model = await loadModel();
const inputs = probe.inputs.map(({ shape, data }, i) =>
  tf.tensor(data, shape, model.inputs[i].dtype === "int32" ? "int32" : "float32"),
);
const batchSize = Math.max(1, ...probe.inputs.map(({ shape }) => shape[0] ?? 1));
const found = [model.predict(inputs, { batchSize })].flat();
let passed = found.length === probe.outputs.length;
for (const [i, output] of probe.outputs.entries()) {
  const data = found[i] && String(found[i].shape) === String(output.shape) && found[i].dataSync();
  const difference = data ? largest(data.map((number, k) => number - output.data[k])) : Infinity;
  const allowed = allowedFor(output);
  console.log(`Output ${i} differs by ${difference}, allowed are ${allowed};`);
  console.log(`    the largest value is ${largest(output.data)}`);
  passed = passed && difference <= allowed;
}
console.log(passed ? "PASS" : "FAIL");
process.exitCode = passed ? 0 : 1;
)";

}  // namespace

std::string verify_source(const Verification& verification) {
  std::string text(head);
  text += verification.origin;
  text += introduction;
  if (verification.deep) {
    text += deep_lines;
  } else {
    text += "\nfunction allowedFor({ data }) {\n  return ";
    text += verification.several_layers ? "5e-5" : "1e-5";
    text += " * largest(data) + 1e-6;\n}\n";
  }
  return text + std::string(tail);
}

}  // namespace tensorferry::tfjs
