/**
 * What makes build/site usable without a network: the service worker with the list of the page's
 * files, and the web app's manifest. Runs when all of the page is there.
 */

import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(dirname(here), "build", "site");

/** The page itself; its documentation is read with a network. */
const FILES = [
  "index.html",
  "app.js",
  "tensorferry.wasm",
  "tensorferry.check.js",
  "manifest.webmanifest",
];

const icon = (await readFile(join(here, "src", "icon.svg"), "utf8")).trim();

const MANIFEST = {
  name: "Tensorferry",
  short_name: "Tensorferry",
  description: "Converts Keras models to PyTorch and TensorFlow.js without uploading them.",
  start_url: "./",
  scope: "./",
  display: "standalone",
  background_color: "#ffffff",
  theme_color: "#0b66c3",
  // Within the manifest, as the page's policy lets no picture be fetched.
  icons: [
    {
      src: `data:image/svg+xml,${encodeURIComponent(icon)}`,
      sizes: "any",
      type: "image/svg+xml",
      purpose: "any",
    },
  ],
};

async function precached() {
  const samples = (await readdir(join(out, "samples"))).map((name) => `samples/${name}`);
  const entries = [...FILES, ...samples].map(async (url) => {
    const digest = createHash("sha256").update(await readFile(join(out, url)));
    return { url, revision: digest.digest("hex").slice(0, 16) };
  });
  return Promise.all(entries);
}

await writeFile(join(out, "manifest.webmanifest"), JSON.stringify(MANIFEST, null, 2));
await build({
  absWorkingDir: here,
  entryPoints: ["src/service-worker.ts"],
  outfile: join(out, "service-worker.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome110", "firefox115", "safari16.4"],
  define: {
    PRECACHE: JSON.stringify(await precached()),
    "process.env.NODE_ENV": '"production"',
  },
  legalComments: "none",
  logLevel: "warning",
});
