import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./support/load.mjs";

const { heldBytes, readAhead } = await load("worker/read-ahead.ts");

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
const file = new File([bytes], "a.h5");
const range = (offset, length) => ({ file: 0, offset, length });

test("what was read ahead is held, range by range, and nothing else", async () => {
  await readAhead(file, [range(10, 100_000), range(150_000, 3)], 200_000);
  assert.deepEqual(heldBytes(file, 10, 100_000), bytes.subarray(10, 100_010));
  assert.deepEqual(heldBytes(file, 60_000, 5), bytes.subarray(60_000, 60_005));
  assert.deepEqual(heldBytes(file, 150_001, 2), bytes.subarray(150_001, 150_003));
  assert.equal(heldBytes(file, 9, 2), undefined);
  assert.equal(heldBytes(file, 100_000, 11), undefined);
  assert.equal(heldBytes(file, 150_001, 3), undefined);
  assert.equal(heldBytes(new File([bytes], "a.h5"), 10, 5), undefined);
});

test("the next ranges take the place of the last ones", async () => {
  await readAhead(file, [range(10, 100_000)], 200_000);
  await readAhead(file, [range(200_000, 50_000)], 200_000);
  assert.equal(heldBytes(file, 10, 5), undefined);
  assert.deepEqual(heldBytes(file, 200_000, 50_000), bytes.subarray(200_000, 250_000));
});

test("nothing is held of a file that is shorter than it was", async () => {
  await readAhead(file, [range(10, 5), range(290_000, 20_000)], 200_000);
  assert.equal(heldBytes(file, 10, 5), undefined);
});

test("an unreadable file fails, and the next one is read", async () => {
  const failing = {
    slice: () => {
      throw new DOMException("gone", "NotReadableError");
    },
  };
  await assert.rejects(readAhead(failing, [range(0, 5)], 200_000), { name: "NotReadableError" });
  await readAhead(file, [range(1, 4)], 200_000);
  assert.deepEqual(heldBytes(file, 1, 4), bytes.subarray(1, 5));
});
