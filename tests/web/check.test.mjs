/** The rules by which two results are one, and the worker of TensorFlow.js from outside. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fakeWorkers } from "./support/fake-worker.mjs";
import { load } from "./support/load.mjs";

const { difference, roundingOf, worst } = await load("check/compare.ts");
const { runTfjs } = await load("check/tfjs-run.ts");

const array = (shape, ...data) => ({ shape, data: Float64Array.from(data) });
const one = roundingOf(1);

test("a result is another one where it differs by more than roundings", () => {
  const expected = array([1, 3], 1, -2, 100);
  assert.deepEqual(difference(expected, expected, one), {
    status: "ok",
    absolute: 0,
    relative: 0,
  });
  assert.equal(difference(expected, array([1, 3], 1.0009, -2, 100), one).status, "ok");
  const found = difference(expected, array([1, 3], 1, -2.5, 100), one);
  assert.deepEqual(found, { status: "inaccurate", absolute: 0.5, relative: 0.005 });
});

test("another shape, no number and no result are failures", () => {
  const expected = array([2, 1], 1, 2);
  for (const found of [array([1, 2], 1, 2), array([2, 1], 1, NaN), undefined]) {
    assert.equal(difference(expected, found, one).status, "failed");
  }
});

test("roundings of many layers add up, of very many by what the samples differ in", () => {
  const expected = array([2, 2], 1, 100, 1, 90);
  const near = array([2, 2], 1.004, 100, 1, 90);
  const far = array([2, 2], 1.02, 100, 1, 90);
  assert.equal(difference(expected, near, one).status, "inaccurate");
  assert.equal(difference(expected, near, roundingOf(11)).status, "ok");
  assert.equal(difference(expected, array([2, 2], 1.009, 100, 1, 90), roundingOf(31)).status, "ok");
  assert.equal(difference(expected, far, roundingOf(31)).status, "inaccurate");
});

test("the worst of several is the gravest, then the largest by its share", () => {
  const ok = { status: "ok", absolute: 1, relative: 1e-9 };
  const other = { status: "ok", absolute: 0.1, relative: 1e-6 };
  const wrong = { status: "inaccurate", absolute: 0.1, relative: 1e-3 };
  assert.equal(worst([ok, other]), other);
  assert.equal(worst([ok, wrong, other]), wrong);
});

const realWorker = globalThis.Worker;
afterEach(() => (globalThis.Worker = realWorker));

/** Runs with a worker that behaves so; `workers` are those that were made. */
function tfjs(behave, milliseconds, signal = new AbortController().signal) {
  const workers = fakeWorkers(behave);
  globalThis.Worker = function () {
    return workers.make();
  };
  const request = { model: "{}", weights: new ArrayBuffer(8), inputs: [] };
  return { made: workers.made, result: runTfjs("", request, milliseconds, signal) };
}

test("its answer is given, and the worker is gone", async () => {
  const result = { version: "4", outputs: [], layers: [] };
  const run = tfjs((_, worker) => worker.say({ result }), 1000);
  assert.deepEqual(await run.result, result);
  assert.ok(run.made[0].terminated);
});

test("what TensorFlow.js says is the reason", async () => {
  const run = tfjs((_, worker) => worker.say({ error: "Unknown layer: X" }), 1000);
  await assert.rejects(run.result, /Unknown layer: X/);
  assert.ok(run.made[0].terminated);
});

test("a worker that crashes, one that is silent and one that is stopped are ended", async () => {
  const crashed = tfjs((_, worker) => worker.crash("out of memory"), 1000);
  await assert.rejects(crashed.result, /out of memory/);
  const silent = tfjs(() => {}, 50);
  const alive = setInterval(() => {}, 10); // the limit alone keeps no process alive
  await assert.rejects(silent.result, /longer than 0\.05 s/);
  clearInterval(alive);
  const stopping = new AbortController();
  const stopped = tfjs(() => {}, 1000, stopping.signal);
  stopping.abort(new Error("another model"));
  await assert.rejects(stopped.result, /another model/);
  for (const { made } of [crashed, silent, stopped]) assert.ok(made[0].terminated);
});
