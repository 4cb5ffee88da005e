/**
 * Builds dist/: the library, the element, the scripts for pages of others, the command, the module.
 * Reads the module from build/wasm.
 */

import { createHash } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const wasmFolder = process.env.TENSORFERRY_WASM_DIR ?? join(root, "build", "wasm");
const dist = join(here, "dist");

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ["chrome110", "firefox115", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
};

/** What emscripten wrote, as a plain script: other systems of modules have no hold on it. */
async function glueText() {
  const absent = { exports: "undefined", module: "undefined", define: "undefined" };
  const text = await readFile(join(wasmFolder, "tensorferry.js"), "utf8");
  return (await transform(text, { minify: true, target: common.target, define: absent })).code;
}

async function workerText() {
  const program = await build({
    ...common,
    entryPoints: ["src/worker/worker.ts"],
    format: "iife",
    write: false,
  });
  return `${await glueText()}\n${program.outputFiles[0].text}`;
}

async function layoutText() {
  const program = await build({
    ...common,
    entryPoints: ["src/element/network/layout-worker.ts"],
    format: "iife",
    write: false,
  });
  return program.outputFiles[0].text;
}

/** tensorferry.check.js, which pages load as text: the worker that has TensorFlow.js. */
async function writeCheckProgram() {
  await build({
    ...common,
    entryPoints: { "tensorferry.check": "src/check/program.ts" },
    outdir: "dist",
    format: "iife",
  });
}

/** `import text from "worker-source"`: what is made by this build and becomes part of a script. */
function madeTexts(texts) {
  return {
    name: "made-texts",
    setup(plugin) {
      plugin.onResolve({ filter: /^(worker-source|layout-source|packed-module)$/ }, ({ path }) => ({
        path,
        namespace: "made",
      }));
      plugin.onLoad({ filter: /.*/, namespace: "made" }, ({ path }) => ({
        contents: texts[path],
        loader: "text",
      }));
    },
  };
}

/** Takes src/node/X in place of src/…/X where Node has a way of its own. */
function ofNode() {
  return {
    name: "of-node",
    setup(plugin) {
      plugin.onResolve({ filter: /\/(platform|file-source)\.js$/ }, ({ path }) => ({
        path: join(here, "src", "node", basename(path, ".js") + ".ts"),
      }));
    },
  };
}

async function integrity(name) {
  const hash = createHash("sha384").update(await readFile(join(dist, name)));
  return `sha384-${hash.digest("base64")}`;
}

await copyFile(join(root, "THIRD_PARTY.md"), join(dist, "THIRD_PARTY.md"));
// CommonJS, as emscripten writes it; the suffix says so to Node.
await copyFile(join(wasmFolder, "tensorferry.js"), join(dist, "tensorferry.cjs"));
await copyFile(join(wasmFolder, "tensorferry.wasm"), join(dist, "tensorferry.wasm"));

const wasm = await readFile(join(dist, "tensorferry.wasm"));
const texts = madeTexts({
  "worker-source": await workerText(),
  "layout-source": await layoutText(),
  "packed-module": gzipSync(wasm, { level: 9 }).toString("base64"),
});
const { version } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
const inBrowser = { ...common, outdir: "dist", loader: { ".css": "text" }, plugins: [texts] };

await writeCheckProgram();
await build({
  ...inBrowser,
  entryPoints: { index: "src/index.ts", element: "src/element/element.ts" },
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
});
const inNode = { ...common, target: "node20", outdir: "dist", format: "esm", platform: "node" };
await build({
  ...inNode,
  entryPoints: { cli: "src/node/cli.ts", node: "src/index.ts" },
  plugins: [ofNode()],
});
await build({
  ...inNode,
  entryPoints: { "node-worker": "src/worker/worker.ts" },
  inject: ["src/node/worker-globals.ts"],
  plugins: [ofNode()],
});

// The scripts for pages of others.
await build({
  ...inBrowser,
  entryPoints: {
    "tensorferry-ui": "src/embed/ui.ts",
    "tensorferry.inline": "src/embed/inline.ts",
  },
  format: "iife",
  // Never asked: who loads them says where the module is.
  define: { VERSION: JSON.stringify(version), "import.meta.url": "document.baseURI" },
});
const loader = {
  ...inBrowser,
  define: {
    VERSION: JSON.stringify(version),
    UI_INTEGRITY: JSON.stringify(await integrity("tensorferry-ui.js")),
    WASM_INTEGRITY: JSON.stringify(await integrity("tensorferry.wasm")),
  },
};
await build({ ...loader, entryPoints: { tensorferry: "src/embed/script.ts" }, format: "iife" });
await build({
  ...loader,
  entryPoints: { "tensorferry.esm": "src/embed/module.ts" },
  format: "esm",
});

const scripts = ["tensorferry.js", "tensorferry.esm.js", "tensorferry.inline.js"];
const hashes = {};
for (const name of scripts) hashes[name] = await integrity(name);
await writeFile(
  join(dist, "integrity.json"),
  `${JSON.stringify({ version, integrity: hashes }, null, 2)}\n`,
);
