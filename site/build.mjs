/** Builds build/site: the page, the samples, the docs. Reads web/dist and build/samples. */

import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { marked } from "marked";

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

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "samples"), { recursive: true });
await mkdir(join(out, "docs"));

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
const page = await text("src", "docs.html");
const licences = join(root, "THIRD_PARTY.md");
const documents = (await readdir(join(here, "docs"))).map((name) => join(here, "docs", name));
for (const path of [...documents, licences]) {
  const source = await readFile(path, "utf8");
  const title = /^# (.*)$/m.exec(source)?.[1] ?? basename(path);
  const html = filled(page, { ...shared, TITLE: title, CONTENT: marked.parse(source) });
  await writeFile(join(out, "docs", `${basename(path, ".md").toLowerCase()}.html`), html);
}
await copyFile(join(root, "web", "dist", "tensorferry.wasm"), join(out, "tensorferry.wasm"));
await copyFile(licences, join(out, "THIRD_PARTY.md"));
