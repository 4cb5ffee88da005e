import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { load } from "./support/load.mjs";

const { nodeHost } = await load("node/host.ts");
const folder = await mkdtemp(join(tmpdir(), "tensorferry-host-"));
after(() => rm(folder, { recursive: true }));

const host = nodeHost();
const inside = (name) => join(folder, name);

test("it tells files, folders and nothing apart", async () => {
  await writeFile(inside("a file"), "x");
  assert.equal(host.kindOf(inside("a file")), "file");
  assert.equal(host.kindOf(folder), "folder");
  assert.equal(host.kindOf(inside("missing")), "none");
  host.makeFolder(inside("b/c"));
  assert.deepEqual(host.list(folder), ["a file", "b"]);
});

test("a source gives the bytes that were asked for, and says where a file ends", async () => {
  await writeFile(inside("source"), "0123456789");
  const source = host.open(inside("source"));
  assert.equal(source.size, 10);
  assert.equal(Buffer.from(source.read(3, 4)).toString(), "3456");
  assert.throws(() => source.read(8, 4), /ends at byte 10/);
  assert.throws(() => host.open(inside("missing")), /ENOENT/);
});

test("files are written in any order, with ranges of others", async () => {
  await writeFile(inside("long"), Buffer.alloc(9_000_000, "ab"));
  const file = host.create(inside("out"), 9_000_010);
  host.writeAt(file, 9_000_005, Buffer.from("tail!"));
  host.copyRange(file, 5, inside("long"), 0, 9_000_000);
  host.writeAt(file, 0, Buffer.from("head:"));
  host.close(file);
  const bytes = await readFile(inside("out"));
  assert.equal(bytes.length, 9_000_010);
  assert.equal(bytes.subarray(0, 9).toString(), "head:abab");
  assert.equal(bytes.subarray(-9).toString(), "abab" + "tail!");
  host.rename(inside("out"), inside("renamed"));
  assert.equal(host.kindOf(inside("renamed")), "file");
});

test("remove takes files and empty folders, and nothing else", async () => {
  host.makeFolder(inside("full"));
  await writeFile(inside("full/file"), "x");
  assert.throws(() => host.remove(inside("full")), /ENOTEMPTY/);
  host.remove(inside("full/file"));
  host.remove(inside("full"));
  host.remove(inside("full"));
  assert.equal(host.kindOf(inside("full")), "none");
});
