// `--probe`: verify.mjs passes where the conversion is right, and fails where it is not.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { convert, inFolder, readModelJson } from "./convert.mjs";
import { filesOf, fixtureNamed } from "./fixtures.mjs";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

const CHOSEN = [
  [3, "sequential/small_cnn"],
  [3, "time_distributed/conv_lstm_head"],
  [3, "categories/encoding_in_network"],
  [2, "masks/embedding_lstm_sequences"],
  [2, "nesting/inner_many_inputs_outputs"],
];

/** Runs verify.mjs of a folder: {code, stdout, stderr}. */
async function verify(out) {
  return new Promise((resolve) => {
    execFile("node", [path.join(out, "verify.mjs")], { cwd: "/" }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

/** Converts with a probe, in a folder that finds TF.js. */
async function probed([generation, id], flags, use) {
  await inFolder(async (folder) => {
    await symlink(MODULES, path.join(folder, "node_modules"));
    const out = path.join(folder, "out");
    const files = filesOf(fixtureNamed(generation, id));
    const done = await convert(files, ["--probe", ...flags], out);
    assert.equal(done.exit, 0, done.stderr);
    await use(out);
  });
}

for (const fixture of CHOSEN) {
  test(`${fixture[1]} passes, and with a weight disturbed it fails`, async () => {
    await probed(fixture, [], async (out) => {
      const right = await verify(out);
      assert.equal(right.code, 0, right.stdout + right.stderr);
      assert.match(right.stdout, /PASS\n$/);
      await disturb(out);
      const wrong = await verify(out);
      assert.equal(wrong.code, 1, wrong.stdout + wrong.stderr);
      assert.match(wrong.stdout, /FAIL\n$/);
    });
  });
}

test("quantized weights are said to be the reason", async () => {
  await probed(CHOSEN[0], ["--quantize_uint8"], async (out) => {
    const { code, stdout } = await verify(out);
    assert.match(stdout, /weights are quantized/);
    assert.equal(code, 1);
  });
});

/** One number of the largest weight becomes another. */
async function disturb(out) {
  const { weightsManifest } = await readModelJson(out);
  const [name] = weightsManifest.flatMap((group) => group.paths);
  let [offset, at, most] = [0, 0, 0];
  for (const { shape } of weightsManifest[0].weights) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (count > most) [most, at] = [count, offset + 4 * (count >> 1)];
    offset += 4 * count;
  }
  assert.ok((await readdir(out)).includes(name));
  const bytes = await readFile(path.join(out, name));
  bytes.writeFloatLE(bytes.readFloatLE(at) + 0.05, at);
  await writeFile(path.join(out, name), bytes);
}
