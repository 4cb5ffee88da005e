/** `npx tensorferry` is the native command in the module: same arguments, same files, same exit codes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const BUILD = process.env.TENSORFERRY_BUILD ?? join(root, "build");
const NATIVE = join(BUILD, "native", "tensorferry");
const NODE = join(root, "web", "dist", "cli.js");

const fixture = (name) => join(BUILD, "fixtures", `${name}.h5`);
const run = (command, args) => spawnSync(command, args, { encoding: "utf8" });
const node = (...args) => run(process.execPath, [NODE, ...args]);
const native = (...args) => run(NATIVE, args);

const CONVERSIONS = [
  ["keras3/sequential/small_cnn", "--to", "pytorch"],
  ["keras2/sequential/small_cnn", "--to", "pytorch", "--weights", "pt"],
  ["keras3/flatten/flatten_dense", "--to", "pytorch", "--checksums"],
  ["keras3/containers/gzip_shuffle", "--to", "pytorch", "--weights", "pt", "--contiguous"],
  ["keras3/nesting/nested_in_nested", "--to", "tfjs"],
  ["keras2/sequential/small_cnn", "--to", "tfjs", "--quantize_uint8"],
];

async function contents(folder) {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => [name, (await readFile(join(folder, name))).toString("hex")]),
  );
}

describe("the command for Node", () => {
  let folder;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tensorferry-command-"));
  });

  after(() => rm(folder, { recursive: true }));

  for (const [name, ...options] of CONVERSIONS) {
    test(`${name} ${options.join(" ")} gives the native command's files`, async () => {
      const [ours, theirs] = ["node", "native"].map((side) =>
        join(folder, `${side}-${Math.random()}`),
      );
      const made = node("convert", fixture(name), ...options, "-o", ours);
      assert.equal(made.status, 0, made.stderr);
      assert.equal(native("convert", fixture(name), ...options, "-o", theirs).status, 0);
      const files = await contents(ours);
      assert.ok(files.length >= 2);
      assert.deepEqual(files, await contents(theirs));
    });
  }

  test("a zip is the native command's zip", async () => {
    const [ours, theirs] = ["a.zip", "b.zip"].map((name) => join(folder, name));
    const model = fixture("keras3/sequential/small_cnn");
    assert.equal(node("convert", model, "--to", "pytorch", "-o", ours).status, 0);
    assert.equal(native("convert", model, "--to", "pytorch", "-o", theirs).status, 0);
    assert.deepEqual(await readFile(ours), await readFile(theirs));
  });

  test("inspect prints the same, and nothing of progress into a pipe", () => {
    const model = fixture("keras3/sequential/small_cnn");
    for (const options of [[], ["--json"]]) {
      const ours = node("inspect", model, ...options);
      assert.equal(ours.status, 0, ours.stderr);
      assert.ok(ours.stdout.length > 100);
      assert.equal(ours.stdout, native("inspect", model, ...options).stdout);
    }
    const { stderr } = node("convert", model, "--to", "tfjs", "-o", join(folder, "quiet"));
    assert.doesNotMatch(stderr, /\r/);
  });

  test("mistakes have the same sentences and exit codes", async () => {
    const broken = join(folder, "broken.h5");
    await writeFile(
      broken,
      (await readFile(fixture("keras3/sequential/small_cnn"))).subarray(0, 3000),
    );
    const mistakes = [
      [64, "convert"],
      [64, "convert", fixture("keras3/sequential/small_cnn"), "--to", "nowhere", "-o", folder],
      [2, "inspect", broken],
      [2, "inspect", join(folder, "missing.h5")],
    ];
    for (const [status, ...args] of mistakes) {
      const ours = node(...args);
      assert.equal(ours.status, status, `${args.join(" ")}: ${ours.stderr}`);
      assert.ok(ours.stderr.trim().length > 10);
      const theirs = native(...args);
      assert.equal(theirs.status, status);
      if (!args.includes(join(folder, "missing.h5"))) assert.equal(ours.stderr, theirs.stderr);
    }
  });
});
