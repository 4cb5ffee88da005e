/** The three parts of a model on the screen, and what comes before and after a download. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { BUILD, SITE, Site, checkZip, fixture } from "./support/site.mjs";

const SAMPLE = join(BUILD, "samples", "digits_resnet.h5");

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
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

    async function opened(width, file = SAMPLE) {
      const site = await Site.open(browser, server.url);
      await site.page.setViewport({ width, height: 1000 });
      assert.equal(await site.choose(file), undefined);
      await site.until(({ shadow }) => shadow.querySelector("#picture").dataset.boxes);
      return site;
    }

    for (const [width, height] of [
      [1600, 1000],
      [1440, 700],
      [360, 640],
    ]) {
      test(`a weight's numbers cover no row, ${width} × ${height}`, async () => {
        const site = await opened(width);
        await site.page.setViewport({ width, height });
        await site.look(({ shadow }) => shadow.querySelector(".tab[data-part=weights]").click());
        await site.until(({ shadow }) => shadow.querySelector(".weight-button"));
        await site.look(({ shadow }) => shadow.querySelector(".weight-button").click());
        await site.until(({ shadow }) => shadow.querySelector("#statistics"));
        const { list, detail, part } = await site.look(({ shadow }) => {
          const box = (selector) => shadow.querySelector(selector).getBoundingClientRect().toJSON();
          return {
            list: box("#weights-list"),
            detail: box(".weight-detail"),
            part: box(".part-weights"),
          };
        });
        assert.ok(list.height >= 64);
        assert.ok(detail.top >= list.bottom, `${detail.top} < ${list.bottom}`);
        assert.ok(detail.bottom <= part.bottom + 1, `${detail.bottom} > ${part.bottom}`);
        await site.close();
      });
    }

    test("a layer that is chosen in the list is shown in all parts", async () => {
      const site = await opened(1600);
      await clickLayer(site, "block0_conv2");
      const shown = await site.look(({ shadow }) => ({
        lines: [...shadow.querySelectorAll("#source .line.chosen code")].map(
          (it) => it.textContent,
        ),
        weights: [...shadow.querySelectorAll(".weight.chosen b")].map((it) => it.textContent),
        layers: [...shadow.querySelectorAll(".layer.chosen .layer-name")].map(
          (it) => it.textContent,
        ),
      }));
      assert.deepEqual(shown.layers, ["block0_conv2"]);
      assert.ok(shown.lines.some((line) => line.includes("self.block0_conv2 = nn.Conv2d(")));
      assert.ok(shown.lines.some((line) => line.includes("self.block0_conv2(")));
      assert.ok(
        shown.lines.every((line) => line.includes("block0_conv2")),
        String(shown.lines),
      );
      assert.deepEqual(shown.weights, ["block0_conv2.weight"]);
      await site.close();
    });

    test("a note and its layer lead to each other", async () => {
      const { files } = await fixture("keras3/bad_input/custom_layer");
      const site = await opened(1600, files[0]);
      const marked = () =>
        site.look(({ shadow }) => ({
          layers: [...shadow.querySelectorAll(".layer.chosen .layer-name")].map(
            (it) => it.textContent,
          ),
          notes: shadow.querySelectorAll("#notes li.chosen").length,
        }));
      await clickLayer(site, "dense");
      assert.deepEqual(await marked(), { layers: ["dense"], notes: 0 });
      await site.look(({ shadow }) => shadow.querySelector("#notes .note-layer").click());
      assert.deepEqual(await marked(), { layers: ["twice"], notes: 1 });
      await clickLayer(site, "dense");
      await clickLayer(site, "twice");
      assert.deepEqual(await marked(), { layers: ["twice"], notes: 1 });
      await site.close();
    });

    test("a line of the code and a box of the picture choose their layers", async () => {
      const site = await opened(1600);
      await site.look(({ shadow }) => {
        const lines = [...shadow.querySelectorAll("#source .line")];
        lines.find((line) => line.textContent.includes("self.digit(x)")).click();
      });
      assert.deepEqual(await chosen(site), ["digit"]);
      const picture = await site.page.$("tensor-ferry >>> #picture");
      await picture.focus();
      await site.page.keyboard.press("0");
      const { x, y, width } = await picture.boundingBox();
      await site.page.mouse.click(x + width / 2, y + 30);
      await site.until(
        ({ shadow }) => shadow.querySelector(".layer.chosen .layer-name")?.textContent !== "digit",
      );
      assert.deepEqual(await chosen(site), ["image"]);
      await site.page.keyboard.press("ArrowDown");
      assert.deepEqual(await chosen(site), ["stem"]);
      await site.close();
    });

    test("the numbers of a weight are what they are", async () => {
      const site = await opened(1600);
      await site.look(({ shadow }) => {
        const rows = [...shadow.querySelectorAll(".weight-button")];
        rows.find((row) => row.textContent.includes("stem.weight")).click();
      });
      await site.until(({ shadow }) => shadow.querySelector("#statistics"));
      const { text, bars } = await site.look(({ shadow }) => ({
        text: shadow.querySelector("#statistics").textContent,
        bars: shadow.querySelectorAll(".histogram span").length,
      }));
      assert.match(text, /stem.*kernel/);
      assert.match(text, /Elements144/);
      assert.equal(bars, 48);
      await site.close();
    });

    test("a search finds layers, and Enter goes to them", async () => {
      const site = await opened(1600);
      await site.page.type("tensor-ferry >>> #layers-search", "block1 conv2d");
      const names = () =>
        site.look(({ shadow }) =>
          [...shadow.querySelectorAll(".layer-name")].map((it) => it.textContent),
        );
      assert.deepEqual(await names(), ["block1_conv1", "block1_conv2", "block1_short"]);
      await site.page.keyboard.press("Enter");
      assert.deepEqual(await chosen(site), ["block1_conv1"]);
      await site.page.keyboard.press("Enter");
      assert.deepEqual(await chosen(site), ["block1_conv2"]);
      await site.close();
    });

    test("where there is no room the parts are shown one at a time", async () => {
      const site = await opened(390);
      const seen = () =>
        site.look(({ shadow }) =>
          [...shadow.querySelectorAll(".part")]
            .filter((part) => part.checkVisibility())
            .map((part) => part.getAttribute("aria-label")),
        );
      assert.deepEqual(await seen(), ["Network"]);
      // Where it is as soon as nothing above it moves any more.
      await site.page.locator("tensor-ferry >>> [data-part=code].tab").click();
      assert.deepEqual(await seen(), ["Code"]);
      await site.until(({ shadow }) => shadow.querySelector("#source .line"));
      const overflow = await site.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0);
      await site.close();
    });

    test("the picture is painted anew in another theme", async () => {
      const site = await opened(1600);
      const inPicture = () =>
        site.look(({ shadow }) => {
          const canvas = shadow.querySelector("#picture");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const colors = new Set();
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] === 255) colors.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`);
          }
          return [...colors];
        });
      const dark = "21 24 27"; // --surface of dark.css
      assert.ok(!(await inPicture()).includes(dark));
      await site.look(({ element }) => element.setAttribute("theme", "dark"));
      await site.look(
        () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))),
      );
      assert.ok((await inPicture()).includes(dark));
      await site.close();
    });

    test("nested models fold and unfold", async () => {
      const nested = await fixture("keras3/nesting/backbone_and_head");
      const site = await opened(1600, nested.files[0]);
      const boxes = () =>
        site.look(({ shadow }) => Number(shadow.querySelector("#picture").dataset.boxes));
      const unfolded = await boxes();
      await site.press("fold-all");
      await site.until(
        ({ shadow, argument }) => Number(shadow.querySelector("#picture").dataset.boxes) < argument,
        unfolded,
      );
      await site.press("unfold-all");
      await site.until(
        ({ shadow, argument }) =>
          Number(shadow.querySelector("#picture").dataset.boxes) === argument,
        unfolded,
      );
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("the size of the zip is known before it is made, and how to load it after", async () => {
      const site = await opened(1600);
      const sizeOf = () =>
        site.until(
          ({ shadow }) => /\(([\d.]+ \w+)\)/.exec(shadow.querySelector("#zip").textContent)?.[1],
        );
      const told = await (await sizeOf()).jsonValue();
      const { path, size } = await site.download();
      await checkZip(path);
      assert.equal(told, `${(size / 1000).toPrecision(3)} kB`);
      const next = await site.look(({ shadow }) => {
        const it = shadow.querySelector("#next");
        return it.checkVisibility() && it.textContent;
      });
      assert.match(next, /load_state_dict/);
      await site.close();
    });
  });
}

async function clickLayer(site, name) {
  await site.look(({ shadow, argument }) => {
    const buttons = [...shadow.querySelectorAll(".layer-button")];
    buttons.find((it) => it.querySelector(".layer-name").textContent === argument).click();
  }, name);
}

function chosen(site) {
  return site.look(({ shadow }) =>
    [...shadow.querySelectorAll(".layer.chosen .layer-name")].map((it) => it.textContent),
  );
}
