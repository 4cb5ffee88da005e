/**
 * The README's picture: the page with a sample model open, as Chromium draws it.
 * `node tests/browser/picture.mjs`, after `./dev build`, writes site/docs/page.png.
 */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { BUILD, SITE, Site } from "./support/site.mjs";

const PICTURE = fileURLToPath(new URL("../../site/docs/page.png", import.meta.url));

/** Until the picture of the network is laid out and drawn. */
const DRAWN_MILLISECONDS = 700;

const server = await serve(SITE);
const browser = await chromium();
const site = await Site.open(browser, server.url);
await site.page.setViewport({ width: 1440, height: 1060 });
await site.choose(join(BUILD, "samples", "digits_resnet.h5"));
await site.look(({ shadow }) => shadow.querySelectorAll(".layer-button")[4].click());
await sleep(DRAWN_MILLISECONDS);
await site.page.screenshot({ path: PICTURE });
await browser.close();
await server.close();
