// The files: names and sizes of shards, groups by layer, metadata.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { convert, inFolder, load, predict, readGroups, readModelJson } from "./convert.mjs";
import { filesOf, fixtureNamed, mistake, runsOf } from "./fixtures.mjs";

const fixture = fixtureNamed(3, "convolution/conv2d_chain");

async function converted(flags, use) {
  await inFolder(async (folder) => {
    const out = path.join(folder, "out");
    const result = await convert(filesOf(fixture), flags, out);
    assert.equal(result.exit, 0, result.stderr);
    await use(out, await readModelJson(out), folder);
  });
}

async function checkNumbers(out) {
  const model = await load(out);
  const runs = runsOf(fixture);
  runs.forEach((run, index) => {
    assert.equal(mistake(fixture, runs, index, predict(model, run.inputs)), null);
  });
  model.dispose();
}

async function bytesOfAll(out, json) {
  return Buffer.concat(await readGroups(out, json.weightsManifest));
}

test("model.json is what tensorflowjs_converter writes", () =>
  converted([], (out, json) => {
    assert.equal(json.format, "layers-model");
    assert.match(json.generatedBy, /^keras v3\./);
    assert.match(json.convertedBy, /^TensorFerry \d+\.\d+\.\d+$/);
    assert.equal(json.modelTopology.backend, "tensorflow");
    assert.equal(json.modelTopology.model_config.class_name, "Functional");
    assert.deepEqual(json.weightsManifest[0].paths, ["group1-shard1of1.bin"]);
    assert.deepEqual(
      json.weightsManifest[0].weights.map(({ name }) => name),
      ["conv2d", "conv2d_1", "conv2d_2"].flatMap((layer) => [`${layer}/kernel`, `${layer}/bias`]),
    );
  }));

test("shards are cut through tensors, and joined they are the same", async () => {
  let whole;
  await converted([], async (out, json) => {
    whole = await bytesOfAll(out, json);
  });
  // 96 bytes: borders inside kernels. One that divides the size, and one byte less.
  for (const size of [96, 100, whole.length, whole.length - 1]) {
    await converted(["--weight_shard_size_bytes", String(size)], async (out, json) => {
      const { paths } = json.weightsManifest[0];
      const count = Math.ceil(whole.length / size);
      assert.deepEqual(
        paths,
        Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`),
      );
      for (const name of paths.slice(0, -1)) {
        assert.equal((await stat(path.join(out, name))).size, size);
      }
      assert.ok((await bytesOfAll(out, json)).equals(whole));
      await checkNumbers(out);
    });
  }
});

test("shards of quantized weights", () =>
  converted(["--weight_shard_size_bytes", "50", "--quantize_uint16"], async (out, json) => {
    const [group] = json.weightsManifest;
    const elements = group.weights.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    const bytes = 2 * elements.reduce((a, b) => a + b);
    assert.equal((await bytesOfAll(out, json)).length, bytes);
    assert.equal(group.paths.length, Math.ceil(bytes / 50));
    (await load(out)).dispose();
  }));

test("--split_weights_by_layer", () =>
  converted(["--split_weights_by_layer"], async (out, json) => {
    assert.deepEqual(
      json.weightsManifest.map(({ paths }) => paths),
      [1, 2, 3].map((group) => [`group${group}-shard1of1.bin`]),
    );
    for (const { weights } of json.weightsManifest) {
      assert.equal(new Set(weights.map(({ name }) => name.split("/")[0])).size, 1);
    }
    await checkNumbers(out);
  }));

test("--metadata", async () => {
  await inFolder(async (folder) => {
    const [a, b] = [path.join(folder, "a.json"), path.join(folder, "b.json")];
    await writeFile(a, JSON.stringify({ labels: ["Katze", "猫"] }));
    await writeFile(b, "7");
    await converted(["--metadata", `first:${a},second:${b}`], (out, json) => {
      assert.deepEqual(json.userDefinedMetadata, { first: { labels: ["Katze", "猫"] }, second: 7 });
    });
  });
});

test("no other files than model.json, shards, manifest.json and README.md", () =>
  converted([], async (out) => {
    assert.deepEqual(
      new Set(await readdir(out)),
      new Set(["README.md", "group1-shard1of1.bin", "manifest.json", "model.json"]),
    );
  }));
