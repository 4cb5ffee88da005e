/** What is in the package, and what those say of it who look at packages. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { BUILD, ROOT, emptyFolder, pack, run } from "./support/project.mjs";

const WEB = join(ROOT, "web");
const MANIFEST = JSON.parse(await readFile(join(WEB, "package.json"), "utf8"));

/** Of the types there are as many as there are sources. */
const TYPES = /^dist\/types\/[\w/-]+\.d\.ts$/;
const FILES = [
  "LICENSE",
  "README.md",
  "dist/THIRD_PARTY.md",
  "dist/chunk.js",
  "dist/cli.js",
  "dist/element.js",
  "dist/index.js",
  "dist/integrity.json",
  "dist/node-worker.js",
  "dist/node.js",
  "dist/tensorferry-ui.js",
  "dist/tensorferry.check.js",
  "dist/tensorferry.cjs",
  "dist/tensorferry.esm.js",
  "dist/tensorferry.inline.js",
  "dist/tensorferry.js",
  "dist/tensorferry.wasm",
  "example.html",
  "package.json",
];

let packed;

before(async () => {
  packed = await pack(await emptyFolder("contents"));
});

/** Loaded as a text: nobody imports it. */
const TEXT = "./tensorferry.check.js";

/** The packages in tensorferry.check.js, and whose notice they stand under. */
const CHECK_PROGRAM = {
  "@tensorflow/tfjs-backend-cpu": "TensorFlow.js: Copyright",
  "@tensorflow/tfjs-core": "TensorFlow.js: Copyright",
  "@tensorflow/tfjs-layers": "TensorFlow.js: Copyright",
  long: "long.js: Copyright",
  seedrandom: "seedrandom: Copyright 2019 David Bau.",
};

/** The packages that there are parts of in scripts. */
async function bundled(entryPoints) {
  const { metafile } = await build({
    absWorkingDir: WEB,
    entryPoints,
    bundle: true,
    write: false,
    metafile: true,
    outdir: "unwritten",
    format: "esm",
    loader: { ".css": "text" },
    external: ["worker-source", "layout-source"],
  });
  const inputs = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    // What esbuild puts in the place of what only Node has.
    .filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && !path.startsWith("(disabled)"))
    .map(([path]) => path);
  const names = inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return new Set(names.filter(Boolean));
}

/** Each path that `exports` and `bin` lead to, with its conditions. */
function* targets(value, conditions) {
  if (typeof value === "string") yield { path: value, conditions };
  else
    for (const [name, inner] of Object.entries(value)) yield* targets(inner, [...conditions, name]);
}

test("it holds what it should and nothing else", () => {
  const names = packed.files.map(({ path }) => path.replace(/chunk-\w+\.js$/, "chunk.js"));
  assert.deepEqual(names.filter((name) => !TYPES.test(name)).sort(), [...FILES].sort());
  const size = packed.files.reduce((sum, file) => sum + file.size, 0);
  assert.ok(size < 6.5e6, `${size} bytes unpacked`);
});

test("every path in exports and bin is in it, types first", () => {
  const inside = new Set(packed.files.map(({ path }) => `./${path}`));
  const exported = [...targets(MANIFEST.exports, []), ...targets(MANIFEST.bin, [])];
  assert.ok(exported.length > 10);
  for (const { path } of exported) assert.ok(inside.has(path.replace(/^(?!\.)/, "./")), path);
  for (const [subpath, value] of Object.entries(MANIFEST.exports)) {
    const script = /^\.$|^\.\/[\w-]+$|\.js$/.test(subpath) && subpath !== TEXT;
    if (script) assert.equal(Object.keys(value)[0], "types", subpath);
  }
});

test("its types refer to nothing that is not in it", async () => {
  const inside = new Set(packed.files.map(({ path }) => path));
  for (const name of [...inside].filter((name) => TYPES.test(name))) {
    const text = await readFile(join(WEB, name), "utf8");
    for (const [, module] of text
      .replace(/^ *\*.*$/gm, "")
      .matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
      const path = join(name, "..", module.replace(/\.js$/, ".d.ts"));
      assert.ok(module.startsWith(".") && inside.has(path), `${name}: ${module}`);
    }
  }
});

test("the licences are in it", async () => {
  for (const [theirs, ours] of [
    ["LICENSE", "LICENSE"],
    ["dist/THIRD_PARTY.md", "THIRD_PARTY.md"],
  ]) {
    const text = await readFile(join(WEB, theirs), "utf8");
    assert.equal(text, await readFile(join(ROOT, ours), "utf8"));
  }
});

test("THIRD_PARTY.md has the notices of what is bundled", async () => {
  const notices = (await readFile(join(ROOT, "THIRD_PARTY.md"), "utf8")).replace(/\s+/g, " ");
  const sources = join(BUILD, "deps", "sources");
  const whole = [join(sources, "hdf5", "LICENSE"), join(sources, "zlib", "LICENSE")];
  for (const path of whole) {
    assert.ok(notices.includes((await readFile(path, "utf8")).trim().replace(/\s+/g, " ")), path);
  }
  const names = await bundled(["src/element/element.ts", "src/element/network/layout-worker.ts"]);
  assert.ok(names.size >= 7, [...names].join());
  for (const name of names) {
    const licence = await readFile(join(ROOT, "node_modules", name, "LICENSE"), "utf8");
    const [copyright] = /^Copyright.*$/m.exec(licence);
    assert.ok(notices.includes(copyright), `${name}: ${copyright}`);
  }
});

test("THIRD_PARTY.md has the notices of what is in tensorferry.check.js", async () => {
  const notices = await readFile(join(ROOT, "THIRD_PARTY.md"), "utf8");
  const names = await bundled(["src/check/program.ts"]);
  assert.deepEqual([...names].sort(), Object.keys(CHECK_PROGRAM).sort());
  for (const notice of Object.values(CHECK_PROGRAM)) assert.ok(notices.includes(notice), notice);
});

test("it depends on nothing", () => {
  for (const name of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    assert.equal(MANIFEST[name], undefined);
  }
});

test("publint finds nothing", async () => {
  const { messages } = await publint({ pkgDir: WEB, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, MANIFEST, { color: false })),
    [],
  );
});

test("attw finds nothing", async () => {
  const attw = join(ROOT, "node_modules", ".bin", "attw");
  // It is of ES modules alone, for Node 20 and newer: what require() and older resolutions make of
  // it is not asked. A module of WebAssembly has no types, and what is a text has none.
  const untyped = ["tensorferry.wasm", "tensorferry.check.js"];
  const asked = ["--profile", "esm-only", "--exclude-entrypoints", ...untyped];
  const { status, stdout } = await run(attw, [packed.path, ...asked]);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /"tensorferry\/element"/);
});
