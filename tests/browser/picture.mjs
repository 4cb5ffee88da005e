/**
 * The README's picture: the page with a sample model open, as Chromium draws it.
 * `node tests/browser/picture.mjs`, after `./dev build`, writes site/docs/page.png.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { BUILD, SITE, Site } from "./support/site.mjs";

const PICTURE = fileURLToPath(new URL("../../site/docs/page.png", import.meta.url));

const server = await serve(SITE);
const browser = await chromium();
const site = await Site.open(browser, server.url);
await site.page.setViewport({ width: 1120, height: 1180 });
await site.choose(join(BUILD, "samples", "digits_resnet.h5"));
await site.page.screenshot({ path: PICTURE });
await browser.close();
await server.close();
