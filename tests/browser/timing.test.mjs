/** What a person waits for. These tests measure time, so ./dev runs nothing beside them. */

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { largeModel } from "./support/large.mjs";
import { serve } from "./support/server.mjs";
import { checkZip, SITE, Site, SUB_FOLDER } from "./support/site.mjs";

/** The longest that the page may keep its person waiting for an answer to a click. */
const FREEZE_MILLISECONDS = 250;

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let server;
    let folder;
    let large;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "tensorferry-timing-"));
      large = await largeModel(folder);
      server = await serve(SITE, SUB_FOLDER);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await server?.close();
      await rm(folder, { recursive: true });
    });

    test("the page never freezes while a large model is converted", async () => {
      const site = await Site.open(browser, server.url);
      await site.page.evaluate(() => {
        globalThis.longest = 0;
        let last = performance.now();
        setInterval(() => {
          const now = performance.now();
          globalThis.longest = Math.max(globalThis.longest, now - last);
          last = now;
        }, 5);
      });
      assert.equal(await site.choose(large), undefined);
      await site.download();
      const longest = await site.page.evaluate(() => globalThis.longest);
      assert.ok(longest < FREEZE_MILLISECONDS, `${longest} ms without an answer`);
      await site.close();
    });

    test("cancel stops at once, nothing is downloaded, and it can begin anew", async () => {
      const site = await Site.open(browser, server.url);
      await site.choose(large);
      const before = await readdir(browser.downloads);
      await site.press("zip");
      await site.until(({ shadow }) => shadow.querySelector("progress").value > 0.05);
      const pressed = Date.now();
      await site.press("cancel");
      assert.equal(await site.outcome(), "Cancelled.");
      assert.ok(Date.now() - pressed < 1000, `${Date.now() - pressed} ms`);
      assert.deepEqual(await readdir(browser.downloads), before);
      const { path } = await site.download();
      await checkZip(path);
      await rm(path);
      assert.deepEqual(site.errors, []);
      await site.close();
    });
  });
}
