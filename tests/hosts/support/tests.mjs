/** What each documentation site has to show with the element in one of its pages. */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "../../browser/support/browsers.mjs";
import { host } from "../../browser/support/embed.mjs";
import { BUILD, Site, checkZip, fixture } from "../../browser/support/site.mjs";
import { servedSite } from "./site.mjs";

const [{ name: chromium, present, launch }] = BROWSERS;
const FILES = ["tensorferry.js", "tensorferry-ui.js", "tensorferry.wasm"];
const LIGHT_TEXT = "rgb(28, 32, 36)";
const DARK_TEXT = "rgb(230, 233, 236)";
const SCREENSHOTS = join(BUILD, "screenshots");

/**
 * `made`: how the site is made (`servedSite`). `pages`: those with the element, by their addresses;
 * each has a link "Home", from where a link "Convert" leads to the first. `isOnePage`: whether
 * these links change the page that is open. `darkSwitch`: the selector of what makes it dark;
 * `asReader`: whether it is so by itself where the reader wants that.
 */
export function testHost({ pages, isOnePage, darkSwitch, asReader = false, ...made }) {
  const options = { skip: present ? false : `${chromium} is missing` };

  describe(made.generator, options, () => {
    let browser;
    let cdn;
    let own;
    let other;
    let model;

    before(async () => {
      cdn = await host({ cors: true });
      own = await servedSite(made);
      other = await servedSite(made, cdn.origin);
      browser = await launch();
      model = await fixture("keras3/sequential/small_cnn");
      await mkdir(SCREENSHOTS, { recursive: true });
    });

    after(async () => {
      await browser?.close();
      for (const server of [cdn, own, other]) await server?.close();
    });

    for (const path of pages) {
      test(`${path} converts a model`, async () => {
        const site = await opened(browser, own, path);
        await converts(site, model);
        assert.deepEqual(site.errors, []);
        await site.close();
      });
    }

    test("converts a model with the script from another origin", async () => {
      const site = await opened(browser, other, pages[0], [cdn.origin]);
      const before = cdn.requests.length;
      await converts(site, model);
      assert.equal(before, 1);
      assert.deepEqual(
        cdn.requests,
        FILES.map((file) => `/tensorferry/0.1.0/${file}`),
      );
      assert.ok(await site.page.$eval("script[integrity]", (script) => script.src));
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("the element works after each way to its page", async () => {
      const site = await opened(browser, own, pages[0]);
      await site.page.evaluate(() => (globalThis.hasStayed = true));
      await follow(site, "Home");
      assert.equal(await site.page.$("tensor-ferry"), null);
      await follow(site, "Convert");
      await converts(site, model);
      await follow(site, "Home");
      await site.page.goBack();
      await converts(site, model);
      assert.equal(await site.page.evaluate(() => globalThis.hasStayed === true), isOnePage);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    // Before the switch is used, which the site remembers.
    if (asReader) {
      test("the element is as dark as its reader likes", async () => {
        const site = await opened(browser, own, pages[0]);
        await hasColor(site, LIGHT_TEXT);
        await site.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
        await hasColor(site, DARK_TEXT);
        await site.close();
      });
    }

    test("the element is as dark as the site's switch says", async () => {
      const site = await opened(browser, own, pages[0]);
      await hasColor(site, LIGHT_TEXT);
      await site.page.screenshot({ path: join(SCREENSHOTS, `host-${made.name}.png`) });
      assert.equal(await site.choose(...model.files), undefined);
      await site.page.click(darkSwitch);
      await hasColor(site, DARK_TEXT);
      const path = join(SCREENSHOTS, `host-${made.name}-dark.png`);
      await site.page.screenshot({ path, fullPage: true });
      await site.close();
    });
  });
}

/** A tab with the page; `site.errors` has what goes wrong in it, and requests to anywhere else. */
async function opened({ browser, downloads }, server, path, others = []) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  const site = new Site(page, downloads);
  page.on("pageerror", (error) => site.errors.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error" && !/favicon/.test(line.location().url)) {
      site.errors.push(line.text());
    }
  });
  page.on("request", (request) => {
    const { protocol, origin, href } = new URL(request.url());
    const isKnown = [server.origin, ...others].includes(origin);
    if (/^https?:$/.test(protocol) && !isKnown) site.errors.push(href);
  });
  await page.goto(new URL(path, server.url).href, { waitUntil: "networkidle0" });
  return site;
}

async function follow({ page }, text) {
  const title = await page.title();
  await (await page.waitForSelector(`main ::-p-text(${text}), article ::-p-text(${text})`)).click();
  await page.waitForFunction((title) => document.title !== title, {}, title);
}

function hasColor(site, color) {
  const look = ({ element, argument }) => getComputedStyle(element).color === argument;
  return site.until(look, color, 5000);
}

async function converts(site, model) {
  await site.page.waitForSelector("tensor-ferry");
  assert.equal(await site.choose(...model.files), undefined);
  await checkZip((await site.download()).path);
}
