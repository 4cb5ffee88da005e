/** axe-core finds nothing in any state of the page; it can be used by keys alone. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { BUILD, SITE, Site, fixture } from "./support/site.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const STATES = {
  "the first screen": async () => {},
  "a model": async (site) => {
    await site.choose(join(BUILD, "samples", "digits_resnet.h5"));
    await site.until(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
    await site.look(({ shadow }) => shadow.querySelectorAll(".layer-button")[4].click());
  },
  "refused layers": async (site) => {
    await site.choose(...(await fixture("keras3/bad_input/custom_layer")).files);
  },
  "an error": async (site) => {
    await site.choose(...(await fixture("keras3/bad_input/empty_file")).files);
  },
  "a check of each layer": async (site) => {
    await site.choose(join(BUILD, "samples", "digits_cnn.h5"));
    await site.set({ target: "tfjs" });
    await site.checked();
    await site.press("check-layers");
    await site.until(({ shadow }) => shadow.querySelector(".check-layers table"));
  },
  "what can be done after a download": async (site) => {
    await site.choose(join(BUILD, "samples", "digits_cnn.h5"));
    await site.download();
  },
};

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let dark;
    let server;

    before(async () => {
      server = await serve(SITE);
      browser = await launch();
      dark = await launch({ scheme: "dark" });
    });

    after(async () => {
      await browser.close();
      await dark.close();
      await server.close();
    });

    for (const [state, reach] of Object.entries(STATES)) {
      test(`axe-core finds nothing: ${state}`, async () => {
        for (const [shown, scheme] of [
          [browser, "light"],
          [dark, "dark"],
        ]) {
          const site = await Site.open(shown, server.url);
          await reach(site);
          for (const width of [1440, 360]) {
            await site.page.setViewport({ width, height: 900 });
            assert.deepEqual(await violations(site.page), [], `${scheme}, ${width} wide`);
          }
          await site.close();
        }
      });
    }

    test("axe-core finds what is wrong", async () => {
      const site = await Site.open(browser, server.url);
      await site.look(({ shadow }) => {
        const button = shadow.querySelector("#choose");
        button.textContent = "";
      });
      assert.match(String(await violations(site.page)), /button-name/);
      await site.close();
    });

    test("a sample is opened, a layer chosen and the zip made by keys alone", async () => {
      const site = await Site.open(browser, server.url);
      await site.page.waitForSelector("#samples button:enabled");
      await tabTo(site, "#samples button", "Digits CNN");
      await site.page.keyboard.press("Enter");
      assert.equal(await site.opened(), undefined);
      await site.until(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
      await tabTo(site, "#zip");
      await tabTo(site, "#picture");
      await site.page.keyboard.press("ArrowDown");
      await site.page.keyboard.press("ArrowDown");
      assert.equal(
        await site.look(
          ({ shadow }) => shadow.querySelector(".layer.chosen .layer-name").textContent,
        ),
        "conv1",
      );
      await site.close();
    });
  });
}

async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((it) => it.html).join(" | ")}`);
  });
}

/** Presses Tab until what has the focus is that. */
async function tabTo(site, selector, text = "") {
  for (let i = 0; i < 60; i += 1) {
    await site.page.keyboard.press("Tab");
    const there = await site.look(
      ({ element, shadow, argument: [wanted, words] }) => {
        const focused = shadow.activeElement ?? document.activeElement;
        return (
          focused !== element && focused.matches(wanted) && focused.textContent.includes(words)
        );
      },
      [selector, text],
    );
    if (there) return;
  }
  assert.fail(`no Tab leads to ${selector}`);
}
