// The comparison must be able to fail: a converted model whose kernel is wrong in a way in which a converter could
// be wrong does not pass.

import assert from "node:assert/strict";
import { test } from "node:test";
import { convert, inFolder, load, predict, tf } from "./convert.mjs";
import { filesOf, fixtureNamed, mistake, runsOf } from "./fixtures.mjs";

/** Loads a fixture's model, changes the first weight of its kind, and says what the comparison finds. */
async function mistakeAfter(id, role, change) {
  const fixture = fixtureNamed(3, id);
  return inFolder(async (out) => {
    assert.equal((await convert(filesOf(fixture), [], out)).exit, 0);
    const model = await load(out);
    const runs = runsOf(fixture);
    assert.equal(mistake(fixture, runs, 0, predict(model, runs[0].inputs)), null);
    const weight = model.weights.find(({ originalName }) => originalName.endsWith(role));
    weight.write(tf.tidy(() => change(weight.read())));
    return mistake(fixture, runs, 0, predict(model, runs[0].inputs));
  });
}

const mutations = {
  "height and width swapped": (kernel) =>
    kernel
      .reshape([kernel.shape[1], kernel.shape[0], ...kernel.shape.slice(2)])
      .transpose([1, 0, 2, 3]),
  "channels reversed": (kernel) => kernel.reverse(2),
  "filters rotated": (kernel) => {
    const [first, rest] = tf.split(kernel, [1, kernel.shape[3] - 1], 3);
    return tf.concat([rest, first], 3);
  },
  "a thousandth larger": (kernel) => kernel.mul(1.001),
};

for (const [name, change] of Object.entries(mutations)) {
  test(name, async () => {
    assert.notEqual(await mistakeAfter("convolution/conv2d_valid", "/kernel", change), null);
    assert.notEqual(await mistakeAfter("convolution/conv2d_chain", "/kernel", change), null);
  });
}
