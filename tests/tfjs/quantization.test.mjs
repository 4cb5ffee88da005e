// --quantize_*: the weights that tensorflowjs_converter would write, and outputs within their error.

import assert from "node:assert/strict";
import { test } from "node:test";
import path from "node:path";
import { convert, inFolder, load, predict, readGroups, readModelJson } from "./convert.mjs";
import { filesOf, fixtureNamed, maxAbs, maxDifference, runsOf } from "./fixtures.mjs";

const fixture = fixtureNamed(3, "convolution/conv2d_chain");

function roundHalfToEven(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** tensorflowjs/quantization.py: quantize_weights. */
function quantized(values, levels) {
  let min = values.reduce((a, b) => Math.min(a, b), Infinity);
  let max = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (min === max) {
    return { min, scale: 1, data: values.map(() => 0) };
  }
  const scale = (max - min) / levels;
  if (min <= 0 && 0 <= max) {
    min = -roundHalfToEven((0 - min) / scale) * scale;
    max = levels * scale + min;
  }
  const clip = (value) => Math.min(Math.max(value, min), max);
  return { min, scale, data: Array.from(values, (v) => roundHalfToEven((clip(v) - min) / scale)) };
}

const bytesOf = { uint8: 1, uint16: 2, float16: 2, float32: 4 };

/** The weights of a converted model by name: {dtype, quantization, bytes}. */
async function weightsIn(folder) {
  const { weightsManifest } = await readModelJson(folder);
  const groups = await readGroups(folder, weightsManifest);
  const weights = new Map();
  weightsManifest.forEach((group, g) => {
    let offset = 0;
    for (const weight of group.weights) {
      const dtype = weight.quantization?.dtype ?? weight.dtype;
      const size = bytesOf[dtype] * weight.shape.reduce((a, b) => a * b, 1);
      const bytes = new Uint8Array(groups[g].subarray(offset, offset + size));
      weights.set(weight.name, { dtype, quantization: weight.quantization, bytes });
      offset += size;
    }
    assert.equal(offset, groups[g].length);
  });
  return weights;
}

async function both(flags, use, of = fixture) {
  await inFolder(async (folder) => {
    const [plain, small] = [path.join(folder, "plain"), path.join(folder, "small")];
    assert.equal((await convert(filesOf(of), [], plain)).exit, 0);
    const result = await convert(filesOf(of), flags, small);
    assert.equal(result.exit, 0, result.stderr);
    await use(await weightsIn(plain), await weightsIn(small), small);
  });
}

function checkAffine(float, weight, dtype) {
  assert.equal(weight.dtype, dtype);
  const values = new Float32Array(float.bytes.buffer);
  const expected = quantized(values, dtype === "uint8" ? 255 : 65535);
  const found = new (dtype === "uint8" ? Uint8Array : Uint16Array)(weight.bytes.buffer);
  assert.deepEqual(Array.from(found), Array.from(expected.data));
  assert.deepEqual(weight.quantization, {
    dtype,
    min: expected.min,
    scale: expected.scale,
    original_dtype: "float32",
  });
}

/** The outputs change, but no more than `limit` of their size. */
async function checkOutputs(folder, limit, of = fixture) {
  const model = await load(folder);
  for (const run of runsOf(of)) {
    predict(model, run.inputs).forEach((output, i) => {
      const difference = maxDifference(output.values, run.outputs[i].values);
      assert.ok(difference > 0, "nothing was quantized");
      assert.ok(difference <= limit * maxAbs(run.outputs[i].values), `off by ${difference}`);
    });
  }
  model.dispose();
}

for (const [dtype, limit] of [
  ["uint8", 0.05],
  ["uint16", 5e-4],
]) {
  test(`--quantize_${dtype} of all weights`, () =>
    both([`--quantize_${dtype}`], async (plain, small, folder) => {
      for (const [name, weight] of small) {
        checkAffine(plain.get(name), weight, dtype);
      }
      await checkOutputs(folder, limit);
    }));
}

test("--quantize_float16 rounds to the nearest", () =>
  both(["--quantize_float16"], async (plain, small, folder) => {
    for (const weight of small.values()) {
      assert.deepEqual(weight.quantization, { dtype: "float16", original_dtype: "float32" });
    }
    await checkOutputs(folder, 2e-3);
  }));

for (const [dtype, limit] of [
  ["uint8", 0.05],
  ["uint16", 5e-4],
  ["float16", 2e-3],
]) {
  const gru = fixtureNamed(3, "recurrent/gru_sequences");
  test(`--quantize_${dtype} leaves the LSTM that stands for a GRU`, () =>
    both(
      [`--quantize_${dtype}`],
      async (plain, small, folder) => {
        for (const [name, { quantization }] of small) {
          assert.equal(quantization?.dtype, name.startsWith("gru/") ? undefined : dtype, name);
        }
        assert.ok(small.has("gru/recurrent_kernel"));
        await checkOutputs(folder, limit, gru);
      },
      gru,
    ));
}

test("globs choose weights; the rest is left alone or taken by a flag without one", async () => {
  await both(["--quantize_uint8=*/kernel"], (plain, small) => {
    for (const [name, weight] of small) {
      if (name.endsWith("/kernel")) {
        checkAffine(plain.get(name), weight, "uint8");
      } else {
        assert.equal(weight.quantization, undefined);
        assert.deepEqual(weight.bytes, plain.get(name).bytes);
      }
    }
  });
  await both(["--quantize_uint16=*/bias", "--quantize_uint8"], (plain, small) => {
    for (const [name, weight] of small) {
      checkAffine(plain.get(name), weight, name.endsWith("/bias") ? "uint16" : "uint8");
    }
  });
});

test("two dtypes for one weight are a usage error", () =>
  inFolder(async (folder) => {
    const flags = ["--quantize_uint8=*/kernel", "--quantize_uint16=conv2d/*"];
    const result = await convert(filesOf(fixture), flags, path.join(folder, "out"));
    assert.notEqual(result.exit, 0);
    assert.match(result.stderr, /conv2d\/kernel/);
  }));
