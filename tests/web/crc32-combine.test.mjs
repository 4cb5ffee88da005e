import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "./support/crc32.mjs";
import { load } from "./support/load.mjs";

const { crc32Combine } = await load("crc32-combine.ts");

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255);

test("the check value of the definition", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
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
