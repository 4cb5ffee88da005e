/**
 * The picture of a large network in Chromium: from the drop to the picture, and how many frames a
 * second it moves with. NASNetMobile has 771 layers. Of 10,000 layers the list is scrolled, too.
 */

import { join } from "node:path";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "../browser/support/browsers.mjs";
import { serve } from "../browser/support/server.mjs";
import { BUILD, KERAS_PYTHON, SITE, Site } from "../browser/support/site.mjs";
import { row } from "./support/table.mjs";

const MAKE = `
import sys, keras
keras.applications.NASNetMobile(weights=None).save(sys.argv[1])
`;
const CHAIN = fileURLToPath(new URL("./support/chain_file.py", import.meta.url));
const PICTURE_SECONDS = 1.5;
const FRAMES_A_SECOND = 30;
const ROUNDS = 3;

const server = await serve(SITE);
const browser = await chromium();
await measureNet("NASNetMobile", await made("NASNetMobile.h5", "-c", MAKE), PICTURE_SECONDS);
await measureNet("10,000 layers", await made("chain_10000.h5", CHAIN, "10000"));
await browser.close();
await server.close();

async function made(name, ...script) {
  const path = join(BUILD, "bench", name);
  if (existsSync(path)) return path;
  await mkdir(join(BUILD, "bench"), { recursive: true });
  await promisify(execFile)(KERAS_PYTHON, [...script, path]);
  return path;
}

async function measureNet(name, model, most) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(model));
  const of = (what) => median(rounds.map((it) => it[what]));
  const limit = most ? `${most} s` : "none";
  row(`${name}: layers and code on screen`, `${of("opened").toFixed(2)} s`, "none", true);
  const pictured = of("pictured");
  const boxes = `${name}: picture of ${rounds[0].boxes} boxes`;
  row(boxes, `${pictured.toFixed(2)} s`, limit, pictured <= (most ?? Infinity));
  for (const [what, frames] of [
    ["picture moves", of("panning")],
    ["list scrolls", of("scrolling")],
  ]) {
    const fine = frames >= FRAMES_A_SECOND;
    row(`${name}: ${what}`, `${frames.toFixed(0)} frames/s`, `${FRAMES_A_SECOND} frames/s`, fine);
  }
}

async function measure(model) {
  const site = await Site.open(browser, server.url);
  await site.page.setViewport({ width: 1600, height: 1200 });
  const begin = performance.now();
  await site.choose(model);
  const opened = (performance.now() - begin) / 1000;
  await site.until(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
  const pictured = (performance.now() - begin) / 1000;
  const boxes = await site.look(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
  const panning = await framesWhilePanning(site);
  const scrolling = await framesWhileScrolling(site);
  await site.close();
  return { opened, pictured, boxes, panning, scrolling };
}

/** A row further in each frame for a second. */
function framesWhileScrolling(site) {
  return site.look(async ({ shadow }) => {
    const list = shadow.querySelector("#layers");
    const begin = performance.now();
    let frames = 0;
    await new Promise((done) => {
      const step = () => {
        if (performance.now() - begin > 1000) return done();
        frames += 1;
        list.scrollTop = 50 * frames;
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
    return frames / ((performance.now() - begin) / 1000);
  });
}

/** All of the network is seen, and moved by a pixel in each frame for a second. */
async function framesWhilePanning(site) {
  return site.look(async ({ shadow }) => {
    const canvas = shadow.querySelector("#picture");
    canvas.focus();
    for (let i = 0; i < 12; i += 1) shadow.querySelector("#zoom-out").click();
    const begin = performance.now();
    let frames = 0;
    await new Promise((done) => {
      const step = () => {
        if (performance.now() - begin > 1000) return done();
        frames += 1;
        canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: frames % 2 ? 1 : -1 }));
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
    return frames / ((performance.now() - begin) / 1000);
  });
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
