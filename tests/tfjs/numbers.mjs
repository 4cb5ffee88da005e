// Every fixture of one generation: converted and run by real TF.js, or refused with all layers named.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { convert, inFolder, load, predict } from "./convert.mjs";
import { filesOf, fixturesOf, mistake, runsOf } from "./fixtures.mjs";
import { refusalOf } from "./refusals.mjs";

async function check(fixture) {
  await inFolder(async (out) => {
    const result = await convert(filesOf(fixture), fixture.json.arguments ?? [], out);
    const refusal = refusalOf(fixture.id);
    if (refusal && !(refusal.sometimes && result.exit === 0)) {
      assert.equal(result.exit, 2, `exit ${result.exit}: ${result.stderr}`);
      for (const word of refusal.words) {
        assert.ok(result.stderr.includes(word), `"${word}" is not in: ${result.stderr}`);
      }
      return;
    }
    assert.equal(result.exit, 0, result.stderr);
    const model = await load(out);
    const runs = runsOf(fixture);
    runs.forEach((run, index) => {
      assert.equal(mistake(fixture, runs, index, predict(model, run.inputs)), null);
    });
    model.dispose();
  });
}

export function testAllFixtures(generation) {
  const only = process.env.TENSORFERRY_ONLY;
  describe(`Keras ${generation} in TF.js`, () => {
    for (const fixture of fixturesOf(generation)) {
      if (!only || fixture.id.startsWith(only)) {
        test(fixture.id, () => check(fixture));
      }
    }
  });
}
