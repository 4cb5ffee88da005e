/** Builds dist/: the library, the element, the command, the module. Reads the module from build/wasm. */

import { copyFile, readFile, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

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

async function workerText() {
  const glue = await readFile(join(wasmFolder, "tensorferry.js"), "utf8");
  const program = await build({
    ...common,
    entryPoints: ["src/worker/worker.ts"],
    format: "iife",
    write: false,
  });
  return `${glue}\n${program.outputFiles[0].text}`;
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

/** `import text from "worker-source"`: a worker's whole program, of which blob workers are made. */
function workerSources(texts) {
  return {
    name: "worker-sources",
    setup(plugin) {
      plugin.onResolve({ filter: /^(worker|layout)-source$/ }, ({ path }) => ({
        path,
        namespace: "worker",
      }));
      plugin.onLoad({ filter: /.*/, namespace: "worker" }, ({ path }) => ({
        contents: texts[path],
        loader: "text",
      }));
    },
  };
}

// The types in it were made just before; what else lies there is of an earlier build.
for (const name of await readdir(dist)) {
  if (name !== "types") await rm(join(dist, name), { recursive: true });
}
await build({
  ...common,
  entryPoints: { index: "src/index.ts", element: "src/element/element.ts" },
  outdir: "dist",
  format: "esm",
  splitting: true,
  chunkNames: "[name]-[hash]",
  loader: { ".css": "text" },
  plugins: [
    workerSources({
      "worker-source": await workerText(),
      "layout-source": await layoutText(),
    }),
  ],
});
await build({
  ...common,
  target: "node20",
  entryPoints: { cli: "src/node/cli.ts" },
  outdir: "dist",
  format: "esm",
  platform: "node",
});
await copyFile(join(root, "THIRD_PARTY.md"), join(dist, "THIRD_PARTY.md"));
// CommonJS, as emscripten writes it; the suffix says so to Node.
await copyFile(join(wasmFolder, "tensorferry.js"), join(dist, "tensorferry.cjs"));
await copyFile(join(wasmFolder, "tensorferry.wasm"), join(dist, "tensorferry.wasm"));
