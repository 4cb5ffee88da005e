/** After one visit the page works without a network; what its service worker is and is not. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { SITE, SUB_FOLDER, Site, checkZip, fixture } from "./support/site.mjs";

test("the service worker has no other handlers than it needs, and no address of others", async () => {
  const source = await readFile(join(SITE, "service-worker.js"), "utf8");
  const handlers = [...source.matchAll(/addEventListener\(\s*["'`](\w+)/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(handlers)].sort(), ["activate", "fetch", "install"]);
  assert.ok(!/\bon(message|sync|push|fetch)\s*=/.test(source));
  assert.ok(!/https?:\/\/(?!bit\.ly)/.test(source), "an address");
});

test("the web app's manifest holds its icon, which no policy keeps from it", async () => {
  const manifest = JSON.parse(await readFile(join(SITE, "manifest.webmanifest"), "utf8"));
  assert.equal(manifest.start_url, "./");
  assert.ok(manifest.icons.length > 0);
  for (const { src } of manifest.icons) assert.match(src, /^data:image\/svg\+xml,%3Csvg/);
});

test("tensorferry.html is one file of at most 2 MB that names no other", async () => {
  const html = await readFile(join(SITE, "tensorferry.html"), "utf8");
  assert.ok(Buffer.byteLength(html) <= 2_000_000, `${Buffer.byteLength(html)} bytes`);
  assert.ok(!/(src|href)="(?!data:)/.test(html.replace(/<script>[\s\S]*?<\/script>/g, "")));
  assert.ok(!/connect-src/.test(html.slice(0, 2000)));
  console.log(`tensorferry.html: ${(Buffer.byteLength(html) / 1e6).toFixed(2)} MB`);
});

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;

    before(async () => {
      browser = await launch({ waits: true });
    });

    after(async () => {
      await browser.close();
    });

    test("tensorferry.html converts from a disk", async () => {
      const site = await Site.open(browser, pathToFileURL(join(SITE, "tensorferry.html")).href);
      const { files } = await fixture("keras3/sequential/small_cnn");
      assert.equal(await site.choose(...files), undefined);
      const { path } = await site.download();
      await checkZip(path);
      await site.set({ target: "tfjs" });
      const tfjs = await site.download();
      await checkZip(tfjs.path);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("after one visit it converts with the server gone", async () => {
      const server = await serve(SITE, SUB_FOLDER);
      const first = await Site.open(browser, server.url);
      await first.page.waitForFunction(() => !document.querySelector("#offline").hidden);
      await first.close();
      await server.close();

      const site = await Site.open(browser, server.url);
      assert.equal(
        await site.choose(...(await fixture("keras3/sequential/small_cnn")).files),
        undefined,
      );
      const { path } = await site.download();
      await checkZip(path);
      await site.press("again");
      const samples = await site.page.$$("#samples button:enabled");
      assert.ok(samples.length > 0);
      await samples[0].click();
      assert.equal(await site.opened(), undefined);
      assert.deepEqual(site.errors, []);
      await site.close();
    });
  });
}
