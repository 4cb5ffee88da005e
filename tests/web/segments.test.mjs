import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./support/load.mjs";

const { cutOf, segmentsOf, multipleNear, RUN_BYTES, RANGE_BYTES, SMALL_PART, SMALL_SLICE } =
  await load("segments.ts");

const MB = 1 << 20;
const slice = (length, offset = 0) => ({ kind: "slice", file: 0, offset, length });
const inline = (length) => ({ kind: "inline", length });
const computed = (length, piece, needs = []) => ({ kind: "computed", length, piece, needs });
const deferred = (length, needs) => ({ kind: "deferred", length, needs });

test("a large slice stays a slice", () => {
  assert.deepEqual(segmentsOf([slice(5 * MB, 77)]), [
    { kind: "slice", part: 0, file: 0, offset: 77, length: 5 * MB, crc: false },
  ]);
});

test("small parts between large ones are one run each", () => {
  const segments = segmentsOf([
    inline(30),
    slice(100),
    slice(2 * MB),
    inline(7),
    slice(SMALL_SLICE - 1),
    computed(SMALL_PART - 1, 1),
  ]);
  assert.deepEqual(
    segments.map((segment) => [segment.kind, segment.length]),
    [
      ["work", 130],
      ["slice", 2 * MB],
      ["work", 7 + SMALL_SLICE - 1 + SMALL_PART - 1],
    ],
  );
  assert.deepEqual(segments[0].ranges, [
    { part: 0, begin: 0, length: 30 },
    { part: 1, begin: 0, length: 100 },
  ]);
});

test("a run ends before it grows beyond its limit", () => {
  const segments = segmentsOf(Array.from({ length: 30 }, () => computed(MB / 2, 1)));
  assert.ok(segments.every((segment) => segment.length <= RUN_BYTES));
  assert.equal(segments.length, Math.ceil((30 * MB) / 2 / RUN_BYTES));
});

test("a large computed part is cut at multiples of its piece and wholly covered", () => {
  const piece = 3_000_000;
  const length = 10 * RANGE_BYTES + 1234;
  const segments = segmentsOf([inline(5), computed(length, piece, [2])]).slice(1);
  let at = 0;
  for (const segment of segments) {
    assert.deepEqual(segment.needs, [2]);
    assert.equal(segment.ranges[0].part, 1);
    assert.equal(segment.ranges[0].begin, at);
    assert.equal(at % piece, 0);
    assert.ok(segment.length <= RANGE_BYTES);
    at += segment.length;
  }
  assert.equal(at, length);
});

test("a piece larger than a range is asked for whole", () => {
  assert.equal(multipleNear(16, 40), 40);
  assert.equal(multipleNear(16, 5), 15);
  assert.equal(multipleNear(16, 0), 16);
});

test("a run needs what its parts need, each once, and says whether it reads", () => {
  const [run, ...rest] = segmentsOf([inline(9), deferred(4, [1]), deferred(8, [1, 3])]);
  assert.deepEqual(run.needs, [1, 3]);
  assert.equal(run.reads, false);
  assert.deepEqual(rest, []);
  assert.equal(segmentsOf([inline(9), slice(4)])[0].reads, true);
});

test("parts whose CRC is wanted share no run with others, which may be where it goes", () => {
  const parts = [deferred(4, [0]), inline(9), slice(50), computed(40, 1), deferred(4, [0])];
  const segments = segmentsOf([...parts, slice(2 * MB)], (part) => [1, 2, 3, 5].includes(part));
  assert.deepEqual(
    segments.map((segment) => [segment.crc, segment.length]),
    [
      [false, 4],
      [true, 99],
      [false, 4],
      [true, 2 * MB],
    ],
  );
});

test("empty parts make nothing", () => {
  assert.deepEqual(segmentsOf([inline(0), slice(0), computed(0, 1)]), []);
});

test("a source is made in Blobs of the slices that are taken of it", () => {
  const readers = [
    { path: "", bytes: 0, parts: [computed(MB, 1), slice(7 * MB)] },
    { path: "", bytes: 0, parts: [2, 5, 3].map((size) => ({ ...slice(size * MB), file: 4 })) },
  ];
  assert.equal(cutOf(4, readers), 2 * MB);
  assert.equal(cutOf(0, readers), 7 * MB);
  assert.equal(cutOf(3, readers), Infinity);
});
