/** What Lighthouse says of the built site; its figures of speed are the bench's. */

import assert from "node:assert/strict";
import lighthouse from "lighthouse";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { SITE } from "./support/site.mjs";

const PAGES = ["", "docs/", "docs/embed.html", "docs/ko/privacy.html"];
const CATEGORIES = ["accessibility", "best-practices"];
const LEAST = 0.95;

const [{ name, present, launch }] = BROWSERS;

describe(`Lighthouse in ${name}`, { skip: present ? false : `${name} is not installed` }, () => {
  let browser;
  let server;

  before(async () => {
    server = await serve(SITE);
    browser = await launch();
  });

  after(async () => {
    await browser.close();
    await server.close();
  });

  for (const path of PAGES) {
    test(`accessibility and best practices of ${path || "the page"}`, async () => {
      const page = await browser.browser.newPage();
      const settings = { onlyCategories: CATEGORIES, logLevel: "error" };
      const { lhr } = await lighthouse(server.url + path, settings, undefined, page);
      for (const category of CATEGORIES) {
        const { score, auditRefs } = lhr.categories[category];
        const failed = auditRefs.filter(
          ({ id, weight }) =>
            weight > 0 && lhr.audits[id].score !== null && lhr.audits[id].score < 1,
        );
        assert.ok(score >= LEAST, `${category} ${score}: ${failed.map(({ id }) => id).join(", ")}`);
      }
      await page.close();
    });
  }
});
