// The command, and real TF.js on what it wrote.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { binary } from "./paths.mjs";

// Exact float32, with no GPU in between.
await tf.setBackend("cpu");
await tf.ready();

/** Runs `tensorferry convert … --to tfjs`: {exit, stdout, stderr, out}. */
export async function convert(files, flags, out) {
  const run = [...["convert"], ...files, "--to", "tfjs", "-o", out, ...flags];
  return new Promise((resolve) => {
    execFile(binary, run, (error, stdout, stderr) => {
      resolve({ exit: error ? error.code : 0, stdout, stderr, out });
    });
  });
}

/** Calls `use` with a folder that is gone afterwards. */
export async function inFolder(use) {
  const folder = await mkdtemp(path.join(tmpdir(), "tensorferry-tfjs-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function readModelJson(folder) {
  return JSON.parse(await readFile(path.join(folder, "model.json"), "utf8"));
}

/** The bytes of the shards of each group, joined. */
export async function readGroups(folder, manifest) {
  const groups = [];
  for (const group of manifest) {
    const shards = group.paths.map((name) => readFile(path.join(folder, name)));
    groups.push(Buffer.concat(await Promise.all(shards)));
  }
  return groups;
}

/** tf.loadLayersModel of a folder, as it would load it from a server. */
export async function load(folder) {
  const json = await readModelJson(folder);
  const artifacts = await tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const bytes = Buffer.concat(await readGroups(folder, manifest));
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    return [manifest.flatMap((group) => group.weights), data];
  });
  return tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

/** The outputs of the model as {shape, values}. */
export function predict(model, inputs) {
  return tf.tidy(() => {
    const tensors = inputs.map(({ values, shape, dtype }) =>
      tf.tensor(values, shape, /int/.test(dtype) ? "int32" : "float32"),
    );
    const batchSize = Math.max(1, ...inputs.map(({ shape }) => shape[0] ?? 1));
    const outputs = model.predict(tensors.length === 1 ? tensors[0] : tensors, { batchSize });
    return [outputs].flat().map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync() }));
  });
}

export { tf };
