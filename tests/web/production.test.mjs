import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "./support/crc32.mjs";
import { load } from "./support/load.mjs";

const { Production } = await load("production.ts");

const MB = 1 << 20;

/** A plan whose computed bytes say which part and offset they are; the pool answers out of order. */
function scene(plan, signal) {
  const log = [];
  const opened = {
    plan: { temporaries: [], reduces: [], ...plan },
    async steps(file, ranges, results) {
      log.push({ steps: file, results: { ...results } });
      return ranges.map((range) => ({ ...range, file }));
    },
    async reduceJob(id, results) {
      log.push({ reduceJob: id, results: { ...results } });
      return id;
    },
  };
  const pool = {
    async call(name, { files, steps, job, crc, file, offset, length }, progress) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      if (name === "crc") {
        log.push({ crc: file, length });
        progress(length);
        return crc32(
          new Uint8Array(await files[file].slice(offset, offset + length).arrayBuffer()),
        );
      }
      log.push({ [name]: name === "reduce" ? job : steps[0].file, sources: files.length });
      if (name === "reduce") return 100 + job;
      const made = steps.map(({ file, part, length }) =>
        new Uint8Array(length).fill(file * 16 + part),
      );
      const blob = new Blob(made);
      progress(blob.size);
      return { blob, crcs: crc ? made.map((bytes) => crc32(bytes)) : [] };
    },
  };
  const dropped = new File([Uint8Array.from({ length: 3 * MB }, (_, i) => 200 + (i % 7))], "a.h5");
  let counted = 0;
  const production = new Production(opened, pool, [dropped], (bytes) => (counted += bytes), signal);
  return { production, opened, log, counted: () => counted };
}

async function bytesOf(pieces) {
  const blobs = [];
  for await (const piece of pieces) blobs.push(piece);
  return new Uint8Array(await new Blob(blobs).arrayBuffer());
}

test("pieces come in order, whoever was ready first, with slices of the dropped file", async () => {
  const { production, opened, counted } = scene({
    files: [
      {
        path: "w",
        bytes: 0,
        parts: [
          { kind: "inline", length: 3 },
          { kind: "slice", file: 0, offset: 5, length: MB + 1 },
          { kind: "computed", length: 40 * MB, piece: 1000, needs: [] },
          { kind: "inline", length: 2 },
        ],
      },
    ],
  });
  opened.plan.files[0].bytes = 5 + MB + 1 + 40 * MB;
  for (const ahead of [Infinity, 2]) {
    const bytes = await bytesOf(production.pieces(0, ahead));
    assert.equal(bytes.length, opened.plan.files[0].bytes);
    assert.deepEqual([...bytes.subarray(0, 5)], [0, 0, 0, 200 + 5, 200 + 6]);
    const computed = bytes.subarray(3 + MB + 1, -2);
    assert.ok(computed.every((byte) => byte === 2));
    assert.deepEqual([...bytes.subarray(-2)], [3, 3]);
  }
  assert.equal(counted(), 2 * Production.work(opened, [0]));
});

test("reduces run once, after what they need, and before the parts that need them", async () => {
  const parts = [
    { kind: "deferred", length: 4, needs: [1] },
    { kind: "computed", length: 2 * MB, piece: 1, needs: [0] },
  ];
  const { production, opened, log, counted } = scene({
    files: [{ path: "z", bytes: 4 + 2 * MB, parts }],
    reduces: [
      { kind: "min", bytes: 50, needs: [] },
      { kind: "crc32", bytes: 70, needs: [0] },
    ],
  });
  await bytesOf(production.pieces(0, Infinity));
  assert.deepEqual(
    log.filter((entry) => "reduceJob" in entry),
    [
      { reduceJob: 0, results: {} },
      { reduceJob: 1, results: { 0: 100 } },
    ],
  );
  const needing = log.filter((entry) => "steps" in entry).map((entry) => entry.results);
  assert.ok(needing.every((results) => 0 in results));
  assert.ok(needing.some((results) => results[1] === 101));
  assert.equal(counted(), Production.work(opened, [0]));
  assert.equal(counted(), 4 + 2 * MB + 50 + 70);
});

test("a zip's CRCs are taken while its parts are made, each of them once", async () => {
  const parts = [
    { kind: "deferred", length: 4, needs: [0, 1] },
    { kind: "inline", length: 30 },
    { kind: "computed", length: 40 * MB, piece: 1000, needs: [] },
    { kind: "slice", file: 0, offset: 5, length: 2 * MB },
    { kind: "computed", length: 900, piece: 900, needs: [] },
    { kind: "deferred", length: 8, needs: [0, 1] },
  ];
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  const plan = {
    files: [{ path: "z", bytes, parts }],
    reduces: [
      {
        kind: "crc32",
        bytes: 30 + 40 * MB,
        needs: [],
        parts: { file: 0, first: 1, count: 2 },
      },
      { kind: "crc32", bytes: 2 * MB + 900, needs: [], parts: { file: 0, first: 3, count: 2 } },
    ],
  };
  const { production, opened, log, counted } = scene(plan);
  const made = await bytesOf(production.pieces(0, Infinity));
  const first = crc32(made.subarray(4, 34 + 40 * MB));
  const second = crc32(made.subarray(34 + 40 * MB, -8));
  assert.equal(made.length, bytes);
  // Each job begins with its range's first part: the header and the end needed the CRCs.
  const needing = log.filter(({ results }) => results && 1 in results);
  assert.equal(needing.length, 2);
  for (const { results } of needing) assert.deepEqual(results, { 0: first, 1: second });
  assert.ok(!log.some((entry) => "reduceJob" in entry || "reduce" in entry));
  assert.deepEqual(
    log.filter((entry) => "crc" in entry),
    [{ crc: 0, length: 2 * MB }],
  );
  assert.equal(log.filter((entry) => "produce" in entry).length, 2 + 1 + 2 + 1);
  assert.equal(counted(), Production.work(opened, [0]));

  // Within bounded memory the header cannot wait for what comes after it: a pass before.
  const bounded = scene(plan);
  await bytesOf(bounded.production.pieces(0, 2));
  assert.equal(bounded.log.filter((entry) => "reduce" in entry).length, 2);
  assert.equal(bounded.counted(), counted());
});

test("temporaries come first, are sources of what follows, and only where something reads them", async () => {
  const plan = {
    files: [
      { path: "w", bytes: MB, parts: [{ kind: "computed", length: MB, piece: 1, needs: [] }] },
      { path: "t", bytes: 9, parts: [{ kind: "inline", length: 9 }] },
    ],
    temporaries: [
      {
        path: "",
        bytes: 2 * MB,
        parts: [{ kind: "computed", length: 2 * MB, piece: 1, needs: [] }],
      },
      { path: "", bytes: MB, parts: [{ kind: "computed", length: MB, piece: 1, needs: [] }] },
    ],
  };
  const { production, opened, log, counted } = scene(plan);
  await bytesOf(production.pieces(1, Infinity));
  assert.equal(Production.work(opened, [1]), 9);
  assert.equal(counted(), 9);
  assert.deepEqual(
    log.filter((entry) => "produce" in entry),
    [{ produce: 1, sources: 1 }],
  );

  log.length = 0;
  await bytesOf(production.pieces(0, Infinity));
  assert.deepEqual(
    log.filter((entry) => "produce" in entry),
    [
      { produce: 2, sources: 1 },
      { produce: 3, sources: 2 },
      { produce: 0, sources: 3 },
    ],
  );
  assert.equal(counted(), 9 + Production.work(opened, [0]));
});

test("an aborted production makes no further piece", async () => {
  const controller = new AbortController();
  const parts = [{ kind: "computed", length: 64 * MB, piece: 1, needs: [] }];
  const { production, log } = scene(
    { files: [{ path: "w", bytes: 64 * MB, parts }] },
    controller.signal,
  );
  controller.abort();
  await assert.rejects(bytesOf(production.pieces(0, 1)), { name: "AbortError" });
  assert.deepEqual(
    log.filter((entry) => "produce" in entry),
    [],
  );
});
