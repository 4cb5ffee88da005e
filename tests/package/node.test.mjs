/** The package in a project of Node that has nothing else. */

import assert from "node:assert/strict";
import { copyFile, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { BUILD, NATIVE, SAMPLE, project, run } from "./support/project.mjs";

/** A layer of it is of a class that only its author has. */
const CUSTOM = join(BUILD, "fixtures", "keras3", "bad_input", "custom_layer.h5");

/** Converts `model` as the arguments say and writes everything into a folder. */
const PROGRAM = `
import { openAsBlob } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { open } from "tensorferry";

const [model, how, options, out] = process.argv.slice(2);
const name = basename(model);
const bytes = how === "memory" ? await readFile(model) : await openAsBlob(model);
const opened = await open([new File([bytes], name)]);
const bundle = await opened.convert(JSON.parse(options));
await mkdir(out);
let told;
const onProgress = (progress) => (told = progress);
for (const { path, blob } of await bundle.blobs({ onProgress })) {
  await writeFile(\`\${out}/\${path}\`, Buffer.from(await blob.arrayBuffer()));
}
const { parameters } = opened.inspect();
const { mean } = await opened.statistics(0);
console.log(JSON.stringify({ parameters, mean, told, exitCode: bundle.exitCode }));
`;

const MISTAKES = `
import { Runtime, TensorferryError, open } from "tensorferry";

const code = (work) =>
  work.then(() => "none", (error) => (error instanceof TensorferryError ? error.code : error.stack));
const nonsense = new File(["no model, whatever else it may be"], "model.h5");
const shorter = Object.defineProperty(new File(["x"], "model.h5"), "size", { value: 9000 });
const wasmUrl = import.meta.resolve("tensorferry/tensorferry.wasm") + "?again";
const codes = [
  await code(open([nonsense])),
  await code(open([shorter])),
  await code(open([nonsense], { wasmUrl: new URL("missing.wasm", import.meta.url) })),
  await code(Runtime.load({ wasmUrl, wasmIntegrity: "sha384-" + "A".repeat(64) })),
  await code(Runtime.load({ wasmUrl })),
];
console.log(codes.join(" "));
`;

/** 190 MB, so that there is time to change one's mind. */
const LARGE = join(BUILD, "fixtures", "keras3", "deep", "vgg16.h5");

const ABORTED = `
import { openAsBlob } from "node:fs";
import { open } from "tensorferry";

const model = await open([new File([await openAsBlob(process.argv[2])], "vgg16.h5")]);
const bundle = await model.convert({ target: "pytorch" });
const stop = new AbortController();
const onProgress = () => stop.abort(new Error("enough"));
const reason = await bundle.blobs({ signal: stop.signal, onProgress }).catch((error) => error.message);
const again = await bundle.files.find(({ path }) => path === "model.py").blob();
console.log(reason, (await again.text()).includes("nn.Module"));
`;

async function contents(folder) {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => [name, (await readFile(join(folder, name))).toString("hex")]),
  );
}

let folder;
const inside = (name) => join(folder, name);
const node = (...args) => run(process.execPath, args, { cwd: folder });
const npx = (...args) => run("npx", ["--no-install", "tensorferry", ...args], { cwd: folder });

before(async () => {
  folder = await project("node", {
    "program.js": PROGRAM,
    "mistakes.js": MISTAKES,
    "aborted.js": ABORTED,
  });
});

test("the project has that one package", async () => {
  const names = (await readdir(inside("node_modules"))).filter((name) => !name.startsWith("."));
  assert.deepEqual(names, ["tensorferry"]);
});

describe("the API", () => {
  for (const [how, options, ...args] of [
    ["file", { target: "pytorch" }, "--to", "pytorch"],
    ["memory", { target: "pytorch", weights: "pt" }, "--to", "pytorch", "--weights", "pt"],
    ["file", { target: "tfjs", checksums: true }, "--to", "tfjs", "--checksums"],
    [
      "file",
      { target: "tfjs", quantization: [{ dtype: "uint8", glob: "*" }] },
      "--to",
      "tfjs",
      "--quantize_uint8",
    ],
  ]) {
    test(`${args.join(" ")} of a model in ${how} gives the native command's files`, async () => {
      const [ours, theirs] = ["ours", "theirs"].map((side) => inside(`${side}${args.join("")}`));
      const made = await node("program.js", SAMPLE, how, JSON.stringify(options), ours);
      assert.equal(made.status, 0, made.stderr);
      assert.equal(made.stderr, "");
      const { parameters, mean, told, exitCode } = JSON.parse(made.stdout);
      assert.ok(parameters > 0 && Number.isFinite(mean));
      assert.equal(told.done, told.total);
      assert.equal(exitCode, 0);
      assert.equal((await run(NATIVE, ["convert", SAMPLE, ...args, "-o", theirs])).status, 0);
      const files = await contents(ours);
      assert.ok(files.length >= 3);
      assert.deepEqual(files, await contents(theirs));
    });
  }

  test("mistakes are errors with their codes, and the program ends", async () => {
    const { stdout, stderr } = await node("mistakes.js");
    assert.equal(stderr, "");
    const codes = "not-a-model read-failed module-unavailable module-unavailable none";
    assert.equal(stdout.trim(), codes);
  });

  test("work that is aborted ends at once, and the next is done", async () => {
    const { stdout, stderr } = await node("aborted.js", LARGE);
    assert.equal(stderr, "");
    assert.equal(stdout.trim(), "enough true");
  });

  test("the element can be imported where pages are rendered on a server", async () => {
    for (const name of ["element", "loader"]) {
      const { status, stderr } = await node("-e", `import("tensorferry/${name}")`);
      assert.equal(status, 0, stderr);
    }
  });
});

describe("npx tensorferry", () => {
  test("converts as the native command does", async () => {
    await copyFile(SAMPLE, inside("model.h5"));
    const args = ["convert", "model.h5", "--to", "pytorch", "-o"];
    const made = await npx(...args, "npx.zip");
    assert.equal(made.status, 0, made.stderr);
    assert.equal((await run(NATIVE, [...args, "native.zip"], { cwd: folder })).status, 0);
    assert.deepEqual(await readFile(inside("npx.zip")), await readFile(inside("native.zip")));
  });

  test("prints its help and its version", async () => {
    const { version } = JSON.parse(
      await readFile(inside("node_modules/tensorferry/package.json"), "utf8"),
    );
    assert.equal((await npx("--version")).stdout, `tensorferry ${version}\n`);
    const { status, stdout } = await npx("--help");
    assert.equal(status, 0);
    assert.match(stdout, /^Usage:\n {2}tensorferry inspect/);
  });

  test("ends with the exit codes that its help lists", async () => {
    const broken = inside("broken.h5");
    await writeFile(broken, (await readFile(SAMPLE)).subarray(0, 3000));
    assert.equal((await npx("convert")).status, 64);
    assert.equal((await npx("inspect", broken)).status, 2);
    const convert = (target) => npx("convert", CUSTOM, "--to", target, "-o", inside(target));
    assert.equal((await convert("pytorch")).status, 1);
    assert.equal((await convert("tfjs")).status, 2);
  });
});
