/**
 * Pictures of every state of the page, in build/screenshots, to be looked at: `./dev screenshots`.
 * Each state light and dark, wide and as a phone has it, and in Korean.
 */

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "./support/browsers.mjs";
import { dropOnPage } from "./support/drop.mjs";
import { serve } from "./support/server.mjs";
import { BUILD, SITE, Site, fixture } from "./support/site.mjs";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const OUT = join(BUILD, "screenshots");
/** Until the picture of the network is laid out and drawn. */
const DRAWN_MILLISECONDS = 700;

const sample = (name) => [join(BUILD, "samples", `${name}.h5`)];
const files = async (name) => (await fixture(name)).files;

const STATES = {
  first: async () => {},
  cnn: async (site) => site.choose(...sample("digits_cnn")),
  resnet: async (site) => {
    await site.choose(...sample("digits_resnet"));
    await site.look(({ shadow }) => shadow.querySelectorAll(".layer-button")[4].click());
  },
  rnn: async (site) => site.choose(...(await files("keras3/recurrent/gru"))),
  nested: async (site) => site.choose(...(await files("keras3/nesting/backbone_and_head"))),
  refused: async (site) => site.choose(...(await files("keras3/bad_input/custom_layer"))),
  several: async (site) => {
    await dropOnPage(site, [...sample("digits_cnn"), ...sample("digits_resnet"), README]);
    await site.opened();
    await site.download();
  },
  weight: async (site) => {
    await site.choose(...sample("digits_cnn"));
    await site.page.click("tensor-ferry >>> .tab[data-part=weights]").catch(() => {});
    await site.until(({ shadow }) => shadow.querySelector(".weight-button"));
    await site.look(({ shadow }) => shadow.querySelector(".weight-button").click());
    await site.until(({ shadow }) => shadow.querySelector("#statistics"));
  },
  error: async (site, folder) => {
    const path = join(folder, "weights.pt");
    await writeFile(path, Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(400)]));
    await site.choose(path);
    await rm(path);
  },
  checked: async (site) => {
    await site.choose(...sample("digits_cnn"));
    await site.checked();
  },
  layers: async (site) => {
    await site.choose(...sample("digits_resnet"));
    await site.set({ target: "tfjs" });
    await site.checked();
    await site.press("check-layers");
    await site.until(({ shadow }) => shadow.querySelector(".check-layers table"));
  },
  done: async (site) => {
    await site.choose(...sample("digits_cnn"));
    await site.download();
  },
};

const LOOKS = {
  light: { width: 1440, height: 1000, scheme: "light" },
  dark: { width: 1440, height: 1000, scheme: "dark" },
  phone: { width: 360, height: 780, scheme: "light" },
  korean: { width: 1440, height: 1000, scheme: "light", language: "ko" },
};

await mkdir(OUT, { recursive: true });
const server = await serve(SITE);
const browser = await chromium();
for (const [state, reach] of Object.entries(STATES)) {
  for (const [look, { width, height, scheme, language }] of Object.entries(LOOKS)) {
    const site = await Site.open(browser, server.url);
    await site.page.setViewport({ width, height });
    await site.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    if (language) await site.page.click("#language");
    await reach(site, OUT);
    await sleep(DRAWN_MILLISECONDS);
    await site.page.screenshot({ path: join(OUT, `${state}-${look}.png`), fullPage: true });
    await site.close();
  }
  console.log(`screenshots: ${state}`);
}
await browser.close();
await server.close();
