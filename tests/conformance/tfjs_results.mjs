// Converts each model to TF.js, runs it, and writes what came of it: a JSON line a model, as
// torch_results.py does.
//
//     TENSORFERRY_FIXTURES=MODELS node tfjs_results.mjs OUT

import { writeFile } from "node:fs/promises";
import { convert, inFolder, load, predict } from "../tfjs/convert.mjs";
import { filesOf, fixturesOf, maxAbs, maxDifference, mistake, runsOf } from "../tfjs/fixtures.mjs";

/** max|a − b| / max|b| over all outputs of a run. */
function errorOf(outputs, expected) {
  const errors = outputs.map(
    (output, i) =>
      maxDifference(output.values, expected[i].values) /
      Math.max(maxAbs(expected[i].values), 1e-30),
  );
  return Math.max(...errors);
}

async function computed(fixture, out) {
  const model = await load(out);
  const runs = runsOf(fixture);
  const result = { error: 0, wrong: "" };
  runs.forEach((run, index) => {
    const outputs = predict(model, run.inputs);
    result.wrong ||= mistake(fixture, runs, index, outputs) ?? "";
    if (!result.wrong) {
      result.error = Math.max(result.error, errorOf(outputs, run.outputs));
    }
  });
  model.dispose();
  return result;
}

async function resultOf(fixture, id) {
  return inFolder(async (out) => {
    const done = await convert(filesOf(fixture), [], out);
    if (done.exit !== 0) {
      return { id, exit: done.exit, error: null, wrong: done.stderr };
    }
    return { id, exit: 0, ...(await computed(fixture, out)) };
  });
}

const lines = [];
for (const generation of [2, 3]) {
  for (const fixture of fixturesOf(generation)) {
    const id = `keras${generation}/${fixture.id}`;
    const result = await resultOf(fixture, id).catch((error) => ({ id, wrong: String(error) }));
    lines.push(JSON.stringify(result) + "\n");
  }
}
await writeFile(process.argv[2], lines.join(""));
