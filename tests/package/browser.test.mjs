/** The package in pages: through Vite and by plain script tags, with the lines of its README. */

import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build, createServer } from "vite";
import { BROWSERS } from "../browser/support/browsers.mjs";
import { openPage } from "../browser/support/embed.mjs";
import { serve } from "../browser/support/server.mjs";
import { checkZip } from "../browser/support/site.mjs";
import { SAMPLE, blocks, project, readme } from "./support/project.mjs";

const [{ name, present, launch }] = BROWSERS;
const BUNDLERS = "With Vite and other bundlers";
const QUIET = { logLevel: "error" };

const page = (...html) =>
  `<!doctype html><html lang="en"><meta charset="utf-8" /><body>${html.join("")}</body></html>`;
const script = (src) => `<script type="module" src="${src}"></script>`;

const FILES = {
  "index.html": page('<input type="file" />', script("/api.ts"), script("/element.ts")),
  "api.ts": await readme("In the browser", "ts"),
  "element.ts": await readme("The element", "ts"),
};

describe("the package in a page", { skip: present ? false : `${name} is not installed` }, () => {
  let browser;

  before(async () => {
    browser = await launch();
  });

  after(() => browser.close());

  /** Converts the sample by `<tensor-ferry>`, which loads nothing more once the file is open. */
  async function convertsByElement(url) {
    const site = await openPage(browser, url);
    assert.equal(await site.choose(SAMPLE), undefined);
    const { path, size } = await site.download();
    await checkZip(path);
    assert.ok(size > 1000);
    assert.deepEqual(site.errors, []);
    await site.close();
  }

  /** Converts the sample by the page's own input, as the README's program does. */
  async function convertsByApi(url) {
    const site = await openPage(browser, url);
    const before = new Set(await readdir(site.downloads));
    await (await site.page.$("body > input[type=file]")).uploadFile(SAMPLE);
    const { path, size } = await site.downloaded(before);
    await checkZip(path);
    assert.ok(size > 1000);
    assert.deepEqual(site.errors, []);
    await site.close();
  }

  async function convertsByBoth(url) {
    await convertsByElement(url);
    await convertsByApi(url);
  }

  test("Vite builds it, without configuration", async () => {
    const root = await project("vite-build", FILES);
    await build({ root, ...QUIET });
    const assets = await readdir(join(root, "dist", "assets"));
    assert.equal(assets.filter((file) => file.endsWith(".wasm")).length, 1, assets.join());
    const server = await serve(join(root, "dist"));
    await convertsByBoth(server.url);
    await server.close();
  });

  /** Serves a project as `vite dev` does. */
  async function develop(root, use) {
    const server = await createServer({ root, ...QUIET, server: { port: 0, host: "127.0.0.1" } });
    await server.listen();
    try {
      await use(`http://127.0.0.1:${server.httpServer.address().port}/`);
    } finally {
      await server.close();
    }
  }

  test("Vite serves it for development, with the README's configuration", async () => {
    const config = await readme(BUNDLERS, "js");
    const embed = await blocks("site", "docs", "embed.md");
    assert.ok(embed.some(({ code }) => code === config));
    const root = await project("vite-dev", { ...FILES, "vite.config.js": config });
    await develop(root, convertsByBoth);
  });

  test("Vite gives the module's address, without configuration", async () => {
    const main = `
      import { openModel } from "./open-model.ts";
      document.querySelector("input").addEventListener("change", async ({ target }) => {
        const model = await openModel([...target.files]);
        const bundle = await model.convert({ target: "tfjs", zip: "model.zip" });
        const link = document.createElement("a");
        link.href = URL.createObjectURL(await bundle.files[0].blob());
        link.download = "model.zip";
        link.click();
      });
    `;
    const root = await project("vite-address", {
      "index.html": page('<input type="file" />', script("/main.js")),
      "main.js": main,
      "open-model.ts": await readme(BUNDLERS, "ts"),
    });
    await develop(root, convertsByApi);
    await build({ root, ...QUIET });
    const server = await serve(join(root, "dist"));
    await convertsByApi(server.url);
    await server.close();
  });

  test("script tags serve, from a static host and from the disk", async () => {
    const root = await project("static");
    const esm = script("node_modules/tensorferry/dist/tensorferry.esm.js");
    await writeFile(join(root, "script.html"), page(await readme("The element", "html")));
    await writeFile(join(root, "module.html"), page(esm, "<tensor-ferry></tensor-ferry>"));
    const server = await serve(root);
    await convertsByElement(`${server.url}script.html`);
    await convertsByElement(`${server.url}module.html`);
    await server.close();
    const example = join(root, "node_modules", "tensorferry", "example.html");
    await convertsByElement(pathToFileURL(example).href);
  });
});
