/** The network that the picture draws: containers, blocks, folding. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./support/load.mjs";

const { Network } = await load("element/network/network.ts");
const { findBlocks } = await load("element/network/blocks.ts");

const layer = (name, kind, calls, depth = 0) => ({
  name,
  class: kind,
  depth,
  calls,
  outputShape: null,
  parameters: 0,
  trainable: true,
  pytorch: "",
  tfjs: "",
  model: 0,
  weights: [],
});

/** x → a → inner(x → c → d) → b, with a jump from a to b. */
const nested = [
  layer("x", "InputLayer", [[]]),
  layer("a", "Dense", [[0]]),
  layer("inner", "Functional", [[1]]),
  layer("inner_x", "InputLayer", [[]], 1),
  layer("c", "Dense", [[3]], 1),
  layer("d", "Dense", [[4]], 1),
  layer("b", "Add", [[2, 1]]),
];

const sorted = (edges) => edges.map((edge) => edge.join(">")).sort();

test("a folded model is one box with the edges of its row", () => {
  const { boxes, edges, frames } = new Network(nested).draw(new Set());
  assert.deepEqual(
    boxes.map(({ id, kind }) => [id, kind]),
    [
      [0, "layer"],
      [1, "layer"],
      [2, "model"],
      [6, "layer"],
    ],
  );
  assert.deepEqual(sorted(edges), ["0>1", "1>2", "1>6", "2>6"]);
  assert.deepEqual(frames, []);
});

test("unfolded, its inputs take what it takes and its ends give what it gives", () => {
  const { boxes, edges, frames } = new Network(nested).draw(new Set([2]));
  assert.deepEqual(
    boxes.map(({ id, parent }) => [id, parent]),
    [
      [0, undefined],
      [1, undefined],
      [3, 2],
      [4, 2],
      [5, 2],
      [6, undefined],
    ],
  );
  assert.deepEqual(sorted(edges), ["0>1", "1>3", "1>6", "3>4", "4>5", "5>6"]);
  assert.deepEqual(
    frames.map(({ id }) => id),
    [2],
  );
});

test("a small network is unfolded at first", () => {
  assert.deepEqual([...new Network(nested).unfoldedAtFirst()], [2]);
});

/** A chain of blocks of three layers each. */
function chain(blocks) {
  const layers = [layer("x", "InputLayer", [[]])];
  for (let block = 1; block <= blocks; block += 1) {
    for (const [part, kind] of [
      ["conv", "Conv2D"],
      ["bn", "BatchNormalization"],
      ["relu", "ReLU"],
    ]) {
      layers.push(layer(`stage_block${block}_${part}`, kind, [[layers.length - 1]]));
    }
  }
  return layers;
}

test("blocks are found by the words that begin their names", () => {
  const layers = chain(4);
  const blocks = findBlocks(layers, [...layers.keys()]);
  assert.deepEqual(
    blocks.map(({ name, first, last }) => [name, first, last]),
    [1, 2, 3, 4].map((n) => [`stage_block${n}`, 3 * n - 2, 3 * n]),
  );
});

test("what does not repeat is no block", () => {
  const layers = ["a_one", "a_two", "a_three", "b_one", "b_two", "b_three"].map((name, i) =>
    layer(name, `Class${i}`, [[i - 1]]),
  );
  assert.deepEqual(findBlocks(layers, [...layers.keys()]), []);
});

test("the blocks of a large network are folded at first, and unfold alone", () => {
  const layers = chain(30);
  const network = new Network(layers);
  assert.deepEqual([...network.unfoldedAtFirst()], []);
  const folded = network.draw(new Set());
  assert.equal(folded.boxes.length, 31);
  assert.equal(folded.edges.length, 30);
  const [first] = network.pathOf(1);
  const unfolded = network.draw(new Set([first]));
  assert.equal(unfolded.boxes.length, 33);
  assert.equal(network.boxOf(1, new Set([first])), 1);
  assert.equal(network.boxOf(4, new Set([first])), network.pathOf(4)[0]);
});

test("10,000 layers are drawn in little time", () => {
  const layers = chain(3333);
  const begin = performance.now();
  const network = new Network(layers);
  assert.ok(network.draw(network.unfoldedAtFirst()).boxes.length <= 150);
  console.log(`10,000 layers: ${Math.round(performance.now() - begin)} ms`);
});

/** A chain of so many Dense layers, in no blocks. */
const longChain = (length) =>
  Array.from({ length }, (_, i) => layer(`dense_${i}`, "Dense", [i === 0 ? [] : [i - 1]]));

test("ten thousand layers in a row are folded into runs, and unfold as far as there is room", () => {
  const network = new Network(longChain(10_000));
  const folded = network.draw(network.unfoldedAtFirst());
  assert.ok(folded.boxes.length <= 150, String(folded.boxes.length));
  assert.equal(
    folded.boxes.reduce((sum, { rows }) => sum + rows.length, 0),
    10_000,
  );
  assert.equal(network.containers.get(folded.boxes[0].id).title, "dense_0 … dense_66");
  assert.ok(network.isDrawable(folded));
  const unfolded = network.draw(network.unfoldedAtMost());
  assert.ok(unfolded.boxes.length > 900 && network.isDrawable(unfolded));
  assert.ok(!network.isDrawable(network.draw(new Set(network.containers.keys()))));
});
