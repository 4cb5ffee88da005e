/** Loads a TypeScript file of web/src, bundled, so that tests reach what the package does not export. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const source = fileURLToPath(new URL("../../../web/src/", import.meta.url));

export async function load(file) {
  const folder = await mkdtemp(join(tmpdir(), "tensorferry-web-"));
  const outfile = join(folder, "bundle.mjs");
  await build({
    entryPoints: [join(source, file)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  const loaded = await import(pathToFileURL(outfile).href);
  await rm(folder, { recursive: true });
  return loaded;
}
