import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeWorkers } from "./support/fake-worker.mjs";
import { load } from "./support/load.mjs";

const { Pool } = await load("pool.ts");

const call = (pool, name, progress = () => {}, signal) =>
  pool.call("reduce", { files: [], job: name }, progress, signal);

const answerAll = (message, worker) => worker.say({ id: message.id, ok: message.arguments.job });

test("calls wait for a free worker and all are answered", async () => {
  let running = 0;
  let most = 0;
  const { make, made } = fakeWorkers((message, worker) => {
    most = Math.max(most, ++running);
    setTimeout(() => {
      running -= 1;
      answerAll(message, worker);
    }, 5);
  });
  const pool = new Pool(make, 3);
  const names = Array.from({ length: 10 }, (_, i) => `job ${i}`);
  assert.deepEqual(await Promise.all(names.map((name) => call(pool, name))), names);
  assert.equal(most, 3);
  assert.equal(made.length, 3);
});

test("workers are made when the pool is started, and only once", async () => {
  const { make, made } = fakeWorkers(answerAll);
  const pool = new Pool(make, 2);
  assert.equal(made.length, 0);
  pool.start();
  pool.start();
  assert.equal(made.length, 2);
  assert.deepEqual(await Promise.all(["a", "b"].map((name) => call(pool, name))), ["a", "b"]);
  assert.equal(made.length, 2);
});

test("a worker that traps is replaced and the call runs once more", async () => {
  const { make, made } = fakeWorkers((message, worker) => {
    if (worker !== made[0]) return answerAll(message, worker);
    worker.say({ id: message.id, progress: 700 });
    worker.say({ id: message.id, fatal: "memory access out of bounds" });
  });
  const pool = new Pool(make, 1);
  const told = [];
  assert.equal(await call(pool, "a", (bytes) => told.push(bytes)), "a");
  assert.deepEqual(told, [700, -700]);
  assert.equal(made.length, 2);
  assert.ok(made[0].terminated);
  assert.equal(await call(pool, "b"), "b");
  assert.equal(made.length, 2);
});

test("a call that breaks two workers fails, and the next call works", async () => {
  const { make, made } = fakeWorkers((message, worker) =>
    message.arguments.job === "bad" ? worker.crash("unreachable") : answerAll(message, worker),
  );
  const pool = new Pool(make, 1);
  await assert.rejects(call(pool, "bad"), (error) => {
    assert.equal(error.code, "worker-failed");
    assert.match(error.message, /unreachable/);
    return true;
  });
  assert.equal(made.length, 2);
  assert.equal(await call(pool, "good"), "good");
});

test("an error that the module states is not tried again", async () => {
  const { make, made } = fakeWorkers((message, worker) =>
    worker.say({ id: message.id, error: { code: "read-failed", message: "It is gone." } }),
  );
  await assert.rejects(call(new Pool(make, 1), "a"), {
    code: "read-failed",
    message: "It is gone.",
  });
  assert.equal(made.length, 1);
});

test("a silent worker is replaced after 10 s; one with signs of life is not", async (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  context.mock.timers.enable({ apis: ["setInterval"] });
  const second = async () => {
    now += 1000;
    context.mock.timers.tick(1000);
    await new Promise(setImmediate);
  };
  let current;
  const { make, made } = fakeWorkers((message, worker) => {
    current = { message, worker };
  });
  const answer = call(new Pool(make, 1), "slow");
  await new Promise(setImmediate);
  for (let i = 0; i < 30; ++i) {
    await second();
    current.worker.say({ id: current.message.id, progress: 0 });
  }
  assert.equal(made.length, 1);
  for (let i = 0; i < 9; ++i) await second();
  assert.equal(made.length, 1);
  await second();
  await new Promise(setImmediate);
  assert.equal(made.length, 2);
  assert.ok(made[0].terminated);
  answerAll(current.message, current.worker);
  assert.equal(await answer, "slow");
});

test("a page that slept does not blame its workers", async (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  context.mock.timers.enable({ apis: ["setInterval"] });
  let current;
  const { make, made } = fakeWorkers((message, worker) => {
    current = { message, worker };
  });
  const answer = call(new Pool(make, 1), "slept");
  await new Promise(setImmediate);
  now += 3_600_000;
  context.mock.timers.tick(1000);
  await new Promise(setImmediate);
  assert.equal(made.length, 1);
  answerAll(current.message, current.worker);
  assert.equal(await answer, "slept");
});

test("aborting ends running workers at once and empties the queue", async () => {
  const { make, made } = fakeWorkers((message, worker) => {
    if (message.arguments.job === "after") answerAll(message, worker);
  });
  const pool = new Pool(make, 1);
  const controller = new AbortController();
  const running = call(pool, "never", () => {}, controller.signal);
  const queued = call(pool, "queued", () => {}, controller.signal);
  await new Promise(setImmediate);
  controller.abort();
  await assert.rejects(running, { name: "AbortError" });
  await assert.rejects(queued, { name: "AbortError" });
  assert.ok(made[0].terminated);
  assert.equal(await call(pool, "after"), "after");
});
