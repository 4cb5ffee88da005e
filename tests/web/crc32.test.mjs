import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./support/load.mjs";

const { crc32, crc32Combine } = await load("crc32.ts");

/** Byte by byte and bit by bit, as the definition has it. */
function plain(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255);

test("the check value of the definition", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test("any range, however it lies in its buffer, and on from another", () => {
  for (const [begin, end] of [
    [0, 1000],
    [1, 998],
    [3, 4],
    [7, 7],
    [2, 13],
  ]) {
    const range = bytes.subarray(begin, end);
    assert.equal(crc32(range), plain(range));
    assert.equal(crc32(range, crc32(bytes.subarray(0, begin))), plain(bytes.subarray(0, end)));
  }
});

test("CRCs of neighbours combine", () => {
  for (const cut of [0, 1, 4, 500, 999, 1000]) {
    const [left, right] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.equal(crc32Combine(crc32(left), crc32(right), right.length), crc32(bytes));
  }
});

test("lengths beyond 32 bits", () => {
  // Zeros in front of nothing leave a CRC of 0 alone; twice 2^32 zeros is 2^33.
  const far = crc32Combine(crc32Combine(1, 0, 2 ** 32), 0, 2 ** 32);
  assert.equal(crc32Combine(1, 0, 2 ** 33), far);
  assert.notEqual(far, crc32Combine(1, 0, 0));
});
