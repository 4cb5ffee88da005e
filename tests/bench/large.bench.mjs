/**
 * A file larger than the page may hold, in Chromium: 5.4 GB (holes, mostly) into the browser's
 * private folder, against the file itself copied there in the same run; and what a second worker
 * brings.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "../browser/support/browsers.mjs";
import { serve } from "../browser/support/server.mjs";
import { BUILD, KERAS_PYTHON } from "../browser/support/site.mjs";
import { MemoryWatch } from "./support/memory-watch.mjs";
import { row } from "./support/table.mjs";

const DIST = fileURLToPath(new URL("../../web/dist/", import.meta.url));
const SPARSE = fileURLToPath(new URL("./support/sparse_file.py", import.meta.url));
const MODELS = join(BUILD, "bench");
const MIB = 1 << 20;
const ROUNDS = 3;
const VGG16 = "import sys, keras; keras.applications.VGG16(weights=None).save(sys.argv[1])";

async function made(name, ...script) {
  const path = join(MODELS, name);
  if (existsSync(path)) return path;
  await mkdir(MODELS, { recursive: true });
  await promisify(execFile)(KERAS_PYTHON, [...script, path]);
  return path;
}

/** A page with the package and a chosen file, and nothing else. */
async function filePage(server, path, workers) {
  const browser = await chromium();
  const page = await browser.browser.newPage();
  await page.goto(`${server.url}plain.html`);
  await page.evaluate(
    async (settings) => {
      globalThis.input = document.createElement("input");
      globalThis.input.type = "file";
      document.body.append(globalThis.input);
      globalThis.runtime = await (await import("./index.js")).Runtime.load(settings);
    },
    workers ? { workers } : {},
  );
  await (await page.$("input")).uploadFile(path);
  return { browser, page };
}

/** Into the private folder; `options` undefined copies the file itself. */
async function intoFolder(server, path, options) {
  const { browser, page } = await filePage(server, path);
  const memory = await MemoryWatch.start(browser.browser, page);
  page.setDefaultTimeout(0);
  const taken = await page.evaluate(async (settings) => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("out", { create: true });
    const [file] = globalThis.input.files;
    const began = performance.now();
    if (settings) {
      const model = await globalThis.runtime.open([file]);
      await (await model.convert(settings)).saveTo(folder);
    } else {
      const handle = await folder.getFileHandle("copy", { create: true });
      await file.stream().pipeTo(await handle.createWritable());
    }
    return (performance.now() - began) / 1000;
  }, options);
  const peaks = await memory.stop();
  await browser.close();
  return { taken, ...peaks };
}

async function sparse(server) {
  const path = await made("sparse.h5", SPARSE);
  const copy = await intoFolder(server, path, undefined);
  row("5.4 GB copied by the browser", `${copy.taken.toFixed(1)} s`, "none", true);
  for (const [title, options] of [
    ["5.4 GB to TF.js", { target: "tfjs", shardBytes: 512 * MIB }],
    ["5.4 GB to .pt", { target: "pytorch", weights: "pt" }],
  ]) {
    const run = await intoFolder(server, path, options);
    const ratio = (run.taken / copy.taken).toFixed(2);
    row(title, `${run.taken.toFixed(1)} s = ${ratio} × copy`, "none", true);
    const worker = run.worker / MIB;
    row(`${title}: a worker's memory`, `${worker.toFixed(0)} MiB`, "64 MiB", worker <= 64);
    const allowed = copy.renderer / MIB + 64 * run.workers + 100;
    const renderer = run.renderer / MIB;
    row(
      `${title}: the renderer`,
      `${renderer.toFixed(0)} MiB`,
      `${allowed.toFixed(0)} MiB`,
      renderer <= allowed,
    );
  }
  await rm(path);
}

/** Seconds that so many workers take to make VGG16's safetensors, saved nowhere. */
async function production(server, path, workers) {
  const { browser, page } = await filePage(server, path, workers);
  const taken = await page.evaluate(async () => {
    const model = await globalThis.runtime.open([...globalThis.input.files]);
    const bundle = await model.convert({ target: "pytorch", weights: "safetensors" });
    const began = performance.now();
    await bundle.blobs();
    return (performance.now() - began) / 1000;
  });
  await browser.close();
  return taken;
}

async function secondWorker(server) {
  const path = await made("VGG16.h5", "-c", VGG16);
  const best = { 1: Infinity, 2: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const workers of [1, 2]) {
      best[workers] = Math.min(best[workers], await production(server, path, workers));
    }
  }
  const gain = best[1] / best[2];
  row(
    "VGG16, .safetensors: two workers",
    `${best[2].toFixed(2)} s = one / ${gain.toFixed(2)}`,
    "one / 1.60",
    gain >= 1.6,
  );
}

const server = await serve(DIST);
await secondWorker(server);
await sparse(server);
await server.close();
