/** Unpacks a downloaded zip and lets real TF.js compute with what is in it. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as tf from "@tensorflow/tfjs";
import { checkZip } from "./site.mjs";

const run = promisify(execFile);

/** A sentence for each output that is not what Keras computes. */
export async function tfjsFaults(zip, fixture) {
  const folder = await mkdtemp(join(tmpdir(), "tensorferry-tfjs-"));
  try {
    await checkZip(zip);
    await run("python3", ["-m", "zipfile", "-e", zip, folder]);
    await tf.setBackend("cpu");
    const model = await tf.loadLayersModel(tf.io.fromMemory(await artifacts(folder)));
    const bytes = await readFile(fixture.json.replace(/json$/, "bin"));
    return faults(model, fixture.meta, bytes);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function artifacts(folder) {
  const { modelTopology, weightsManifest } = JSON.parse(
    await readFile(join(folder, "model.json"), "utf8"),
  );
  const paths = weightsManifest.flatMap((group) => group.paths);
  const shards = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const data = Buffer.concat(shards);
  return {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
  };
}

function faults(model, meta, bytes) {
  const array = ({ offset, shape }) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return new Float32Array(bytes.buffer, bytes.byteOffset + offset, count);
  };
  const found = [];
  meta.runs.forEach((run, number) => {
    const inputs = run.inputs.map((input) => tf.tensor(array(input).slice(), input.shape));
    const outputs = [model.predict(inputs)].flat();
    const other = meta.runs[number === 0 ? 1 : 0];
    run.outputs.forEach((output, index) => {
      const expected = array(output);
      const actual = outputs[index].dataSync();
      if (String(outputs[index].shape) !== String(output.shape)) {
        found.push(`run ${number}, output ${index}: shape ${outputs[index].shape}`);
        return;
      }
      const difference = largest(expected, (value, i) => actual[i] - value);
      const bound = allowed(meta.kind, expected, array(other.outputs[index]));
      if (!(difference <= bound)) {
        found.push(
          `run ${number}, output ${index}: differs by ${difference}, allowed are ${bound}`,
        );
      }
    });
  });
  return found;
}

/** The rule of "Fixtures and oracles" in the design. */
function allowed(kind, expected, other) {
  if (kind === "deep") return 1e-3 * largest(expected, (value, i) => value - other[i]);
  return 1e-5 * largest(expected, (value) => value) + 1e-6;
}

function largest(values, of) {
  return values.reduce((most, value, i) => {
    const size = Math.abs(of(value, i));
    return size > most || Number.isNaN(size) ? size : most;
  }, 0);
}
