// Models made by real Keras, with inputs and Keras's outputs (tests/fixtures), and how outputs are compared.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fixtures as folder } from "./paths.mjs";

/** All fixtures of a generation that are to be run: {id, folder, json}. */
export function fixturesOf(generation) {
  const base = path.join(folder, `keras${generation}`);
  const found = [];
  for (const family of readdirSync(base).sort()) {
    for (const file of readdirSync(path.join(base, family)).sort()) {
      if (file.endsWith(".json")) {
        const json = JSON.parse(readFileSync(path.join(base, family, file), "utf8"));
        if (json.kind === "single" || json.kind === "deep") {
          found.push({ id: `${family}/${json.name}`, folder: path.join(base, family), json });
        }
      }
    }
  }
  return found;
}

export function fixtureNamed(generation, id) {
  const [family, name] = id.split("/");
  const base = path.join(folder, `keras${generation}`, family);
  return {
    id,
    folder: base,
    json: JSON.parse(readFileSync(path.join(base, `${name}.json`), "utf8")),
  };
}

export function filesOf(fixture) {
  return fixture.json.files.map((file) => path.join(fixture.folder, file));
}

/** The runs with their arrays: [{inputs: [{values, shape, dtype}], outputs: […]}]. */
export function runsOf(fixture) {
  const bytes = readFileSync(path.join(fixture.folder, `${fixture.json.name}.bin`));
  const array = ({ offset, shape, dtype }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const copy = bytes.subarray(offset, offset + 4 * count);
    return { values: new Float32Array(new Uint8Array(copy).buffer), shape, dtype };
  };
  return fixture.json.runs.map((run) => ({
    inputs: run.inputs.map(array),
    outputs: run.outputs.map(array),
  }));
}

export function maxAbs(values) {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}

export function maxDifference(a, b) {
  let max = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs(a[i] - b[i]);
    max = difference <= max ? max : difference; // NaN stays
  }
  return max;
}

/** How far output `index` of a run may be from Keras's: the rules of the design. */
export function tolerance(fixture, runs, run, index) {
  const expected = runs[run].outputs[index].values;
  if (fixture.json.kind === "single") {
    return 1e-5 * maxAbs(expected) + 1e-6;
  }
  const [first, second] = [runs[0].outputs[index].values, runs[1].outputs[index].values];
  return 1e-3 * maxDifference(first, second);
}

/** What is wrong with the outputs of a run, or null. */
export function mistake(fixture, runs, run, outputs) {
  const expected = runs[run].outputs;
  if (outputs.length !== expected.length) {
    return `${outputs.length} outputs instead of ${expected.length}`;
  }
  for (let i = 0; i < expected.length; ++i) {
    if (JSON.stringify(outputs[i].shape) !== JSON.stringify(expected[i].shape)) {
      return `output ${i} has shape ${outputs[i].shape} instead of ${expected[i].shape}`;
    }
    const difference = maxDifference(outputs[i].values, expected[i].values);
    const allowed = tolerance(fixture, runs, run, i);
    if (!(difference <= allowed)) {
      return `output ${i} of run ${run + 1} is off by ${difference}, and ${allowed} is allowed`;
    }
  }
  return null;
}
