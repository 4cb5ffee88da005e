/**
 * The figures of the page in Chromium, as ratios of the same run. The limit is the dropped file
 * itself, unchanged, saved as one Blob download; each conversion is saved as one Blob too, so that
 * what differs is the conversion.
 */

import { execFile } from "node:child_process";
import lighthouse from "lighthouse";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "../browser/support/browsers.mjs";
import { serve } from "../browser/support/server.mjs";
import { BUILD, KERAS_PYTHON, SITE, Site } from "../browser/support/site.mjs";
import { MemoryWatch } from "./support/memory-watch.mjs";
import { compressedSize, moduleParts } from "./support/module-size.mjs";
import { row } from "./support/table.mjs";

const MODELS = join(BUILD, "bench");
const DIST = fileURLToPath(new URL("../../web/dist/", import.meta.url));
const MIB = 1 << 20;
const ROUNDS = 3;

const APPLICATION = `
import sys, keras
getattr(keras.applications, sys.argv[1])(weights=None).save(sys.argv[2])
`;

/** What is measured: [what, model, options of convert, largest ratio to the limit]. */
const RUNS = [
  ["TF.js, as files", "VGG16", { target: "tfjs" }, 1.5],
  [".pt, as files", "VGG16", { target: "pytorch", weights: "pt" }, 2.5],
  [".safetensors, as files", "VGG16", { target: "pytorch", weights: "safetensors" }, 4],
  ["TF.js, one zip", "VGG16", { target: "tfjs", zip: "a.zip" }, 3.5],
  [".pt, one zip", "VGG16", { target: "pytorch", weights: "pt", zip: "a.zip" }, 3.5],
  [
    ".safetensors, one zip",
    "VGG16",
    { target: "pytorch", weights: "safetensors", zip: "a.zip" },
    3.5,
  ],
  [".pt, as files", "ResNet50", { target: "pytorch", weights: "pt" }, 1.5],
];

async function model(name) {
  const path = join(MODELS, `${name}.h5`);
  if (existsSync(path)) return path;
  await mkdir(MODELS, { recursive: true });
  await promisify(execFile)(KERAS_PYTHON, ["-c", APPLICATION, name, path]);
  return path;
}

/** A page with the package and a file button, and nothing else. */
async function benchPage(browser, server, path) {
  const page = await browser.browser.newPage();
  await page.goto(`${server.url}plain.html`);
  await page.evaluate(async () => {
    globalThis.input = document.createElement("input");
    globalThis.input.type = "file";
    document.body.append(globalThis.input);
    globalThis.runtime = await (await import("./index.js")).Runtime.load();
  });
  await (await page.$("input")).uploadFile(path);
  return page;
}

/**
 * Seconds from the click to the last byte on the disk. The model is open and planned once, as it is
 * on the page before there is a button; `options` undefined saves the file itself.
 */
async function seconds(browser, server, path, options) {
  const page = await benchPage(browser, server, path);
  const memory = await MemoryWatch.start(browser.browser, page);
  const session = await browser.browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: browser.downloads,
    eventsEnabled: true,
  });
  const saved = new Promise((resolve) =>
    session.on("Browser.downloadProgress", ({ state }) => state === "completed" && resolve()),
  );
  await page.evaluate(async (settings) => {
    if (!settings) return;
    globalThis.model = await globalThis.runtime.open([...globalThis.input.files]);
    await globalThis.model.convert(settings);
  }, options);
  const began = performance.now();
  await page.evaluate(async (settings) => {
    const [file] = globalThis.input.files;
    let blob = file;
    if (settings) {
      const bundle = await globalThis.model.convert(settings);
      blob = new Blob((await bundle.blobs()).map((made) => made.blob));
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "saved.bin";
    link.click();
  }, options);
  await saved;
  const taken = (performance.now() - began) / 1000;
  const peaks = await memory.stop();
  await session.detach();
  await page.close();
  await rm(join(browser.downloads, "saved.bin"));
  return { taken, ...peaks };
}

/** The best of some rounds, each in a browser of its own. */
async function best(server, path, options) {
  let found;
  for (let round = 0; round < ROUNDS; round += 1) {
    const browser = await chromium();
    try {
      const measured = await seconds(browser, server, path, options);
      found = {
        taken: Math.min(found?.taken ?? Infinity, measured.taken),
        worker: Math.max(found?.worker ?? 0, measured.worker),
        workers: Math.max(found?.workers ?? 0, measured.workers),
        renderer: Math.max(found?.renderer ?? 0, measured.renderer),
      };
    } finally {
      await browser.close();
    }
  }
  return found;
}

async function conversions(server) {
  const limits = new Map();
  for (const [what, name, options, most] of RUNS) {
    const path = await model(name);
    if (!limits.has(name)) limits.set(name, await best(server, path, undefined));
    const limit = limits.get(name);
    const made = await best(server, path, options);
    const ratio = made.taken / limit.taken;
    const title = `${name}, ${what}`;
    row(
      title,
      `${made.taken.toFixed(2)} s = ${ratio.toFixed(2)} ×`,
      `${most} × ${limit.taken.toFixed(2)} s`,
      ratio <= most,
    );
    row(
      `${title}: a worker's memory`,
      `${(made.worker / MIB).toFixed(0)} MiB`,
      "64 MiB",
      made.worker <= 64 * MIB,
    );
    const allowed = limit.renderer + (64 * made.workers + 100) * MIB;
    row(
      `${title}: the renderer`,
      `${(made.renderer / MIB).toFixed(0)} MiB`,
      `${(allowed / MIB).toFixed(0)} MiB`,
      made.renderer <= allowed,
    );
  }
}

async function page() {
  const server = await serve(SITE);
  const browser = await chromium();
  const tab = await browser.browser.newPage();
  await tab.evaluateOnNewDocument(() => {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("tensor-ferry")?.shadowRoot) return;
      globalThis.usable = performance.now();
      watch.disconnect();
    });
    watch.observe(document, { subtree: true, childList: true, attributes: true });
  });
  await tab.goto(server.url);
  const site = new Site(tab, browser.downloads);
  await site.until(({ element }) => element.state === "locked");
  const usable = await tab.evaluate(() => globalThis.usable);
  row("Page usable", `${usable.toFixed(0)} ms`, "1000 ms", usable < 1000);

  const path = await model("VGG16");
  const chooser = await tab.evaluateHandle(() => {
    const input = document.createElement("input");
    input.type = "file";
    document.body.append(input);
    return input;
  });
  await chooser.uploadFile(path);
  const shown = await tab.evaluate(async (input) => {
    const element = document.querySelector("tensor-ferry");
    const began = performance.now();
    void element.open([...input.files]);
    while (!element.shadowRoot.querySelector("#layers .layer-button")) {
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - began;
  }, chooser);
  row("VGG16 on the screen after the drop", `${shown.toFixed(0)} ms`, "300 ms", shown < 300);
  await browser.close();
  await server.close();
}

/** On a phone of Lighthouse's, which is slower than this machine. */
async function lighthousePerformance() {
  const server = await serve(SITE);
  const browser = await chromium();
  const page = await browser.browser.newPage();
  const settings = { onlyCategories: ["performance"], logLevel: "error" };
  const { lhr } = await lighthouse(server.url, settings, undefined, page);
  const score = Math.round(100 * lhr.categories.performance.score);
  row("Lighthouse, performance", String(score), "none", true);
  await browser.close();
  await server.close();
}

async function moduleSize() {
  const size = async (name) => compressedSize(await readFile(join(DIST, name)));
  const glue = await size("tensorferry.cjs");
  const total = (await size("tensorferry.wasm")) + glue;
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  row("Module and glue, brotli 11", kilobytes(total), "700 kB", total <= 700_000);
  const wasm = join(BUILD, "wasm");
  const parts = await moduleParts(
    join(wasm, "tensorferry.wasm"),
    join(wasm, "tensorferry.js.symbols"),
  );
  console.log("Parts of the module, each compressed alone:");
  for (const { part, bytes, compressed } of parts) {
    console.log(`  ${part.padEnd(30)} ${kilobytes(compressed).padStart(9)} of ${kilobytes(bytes)}`);
  }
  console.log(`  ${"glue".padEnd(30)} ${kilobytes(glue).padStart(9)}`);
}

await moduleSize();
await page();
await lighthousePerformance();
const server = await serve(DIST);
await conversions(server);
await server.close();
