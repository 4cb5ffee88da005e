/** Builds build/site: the page, the samples, the docs. Reads web/dist and build/samples. */

import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildDocs } from "./docs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const samplesFolder = join(root, "build", "samples");
const out = join(root, "build", "site");

const text = (...path) => readFile(join(here, ...path), "utf8");

async function samples() {
  const list = join(samplesFolder, "samples.json");
  return existsSync(list) ? JSON.parse(await readFile(list, "utf8")) : [];
}

function sampleList(list) {
  return {
    name: "samples",
    setup(plugin) {
      plugin.onResolve({ filter: /^samples$/ }, ({ path }) => ({ path, namespace: "samples" }));
      plugin.onLoad({ filter: /.*/, namespace: "samples" }, () => ({
        contents: JSON.stringify(list),
        loader: "json",
      }));
    },
  };
}

function filled(template, values) {
  return template.replace(/%([A-Z]+)%/g, (_, name) => values[name]);
}

/** The scripts for pages of others, as docs/embed.md names them, in a folder of their version. */
async function copyEmbed() {
  const dist = join(root, "web", "dist");
  const { version } = JSON.parse(await readFile(join(dist, "integrity.json"), "utf8"));
  const folder = join(out, "embed", version);
  await mkdir(folder, { recursive: true });
  const names = (await readdir(dist)).filter((name) =>
    /^(tensorferry.*\.(js|wasm)|integrity\.json)$/.test(name),
  );
  for (const name of names) await copyFile(join(dist, name), join(folder, name));
}

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "samples"), { recursive: true });

const list = await samples();
for (const { file } of list) await copyFile(join(samplesFolder, file), join(out, "samples", file));

await build({
  absWorkingDir: here,
  entryPoints: ["src/main.ts"],
  outfile: join(out, "app.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome110", "firefox115", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
  plugins: [sampleList(list)],
});

const shared = {
  STYLE: await text("src", "style.css"),
  ICON: `data:image/svg+xml,${encodeURIComponent((await text("src", "icon.svg")).trim())}`,
};
await writeFile(join(out, "index.html"), filled(await text("src", "index.html"), shared));
await copyFile(join(root, "web", "dist", "tensorferry.wasm"), join(out, "tensorferry.wasm"));
await copyFile(
  join(root, "web", "dist", "tensorferry.check.js"),
  join(out, "tensorferry.check.js"),
);
await copyFile(join(root, "THIRD_PARTY.md"), join(out, "THIRD_PARTY.md"));
await copyEmbed();

// The page's own links are relative, VitePress's begin at the root of the host.
await buildDocs(join(out, "docs"), `${process.env.TENSORFERRY_SITE_BASE ?? "/"}docs/`);
