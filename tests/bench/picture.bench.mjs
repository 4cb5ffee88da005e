/**
 * The picture of a large network in Chromium: from the drop to the picture, and how many frames a
 * second it moves with. NASNetMobile has 771 layers, none of which is folded.
 */

import { join } from "node:path";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";
import { chromium } from "../browser/support/browsers.mjs";
import { serve } from "../browser/support/server.mjs";
import { BUILD, KERAS_PYTHON, SITE, Site } from "../browser/support/site.mjs";

const MODEL = join(BUILD, "bench", "NASNetMobile.h5");
const MAKE = `
import sys, keras
keras.applications.NASNetMobile(weights=None).save(sys.argv[1])
`;
const PICTURE_SECONDS = 1.5;
const FRAMES_A_SECOND = 30;
const ROUNDS = 3;

if (!existsSync(MODEL)) {
  await mkdir(join(BUILD, "bench"), { recursive: true });
  await promisify(execFile)(KERAS_PYTHON, ["-c", MAKE, MODEL]);
}

const server = await serve(SITE);
const browser = await chromium();
const rounds = [];
for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure());
const [opened, pictured, frames] = [0, 1, 2].map((i) => median(rounds.map((it) => it[i])));
const verdict = (ok) => (ok ? "ok" : "OVER");
console.log(`NASNetMobile: layers and code on screen after ${opened.toFixed(2)} s`);
console.log(
  `picture of ${rounds[0][3]} boxes after ${pictured.toFixed(2)} s (${PICTURE_SECONDS}) ` +
    verdict(pictured <= PICTURE_SECONDS),
);
console.log(
  `moves at ${frames.toFixed(0)} frames a second (${FRAMES_A_SECOND}) ` +
    verdict(frames >= FRAMES_A_SECOND),
);
await browser.close();
await server.close();

async function measure() {
  const site = await Site.open(browser, server.url);
  await site.page.setViewport({ width: 1600, height: 1200 });
  const begin = performance.now();
  await site.choose(MODEL);
  const opened = (performance.now() - begin) / 1000;
  await site.until(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
  const pictured = (performance.now() - begin) / 1000;
  const boxes = await site.look(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
  const frames = await framesWhilePanning(site);
  await site.close();
  return [opened, pictured, frames, boxes];
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
