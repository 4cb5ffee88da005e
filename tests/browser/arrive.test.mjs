/** The ways in: several models at once, folders, what is pasted, an architecture that comes later. */

import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { dropOnPage, dropReally, pasteFiles, pasteText } from "./support/drop.mjs";
import { serve } from "./support/server.mjs";
import { SITE, Site, checkZip, fixture } from "./support/site.mjs";

const CNN = "keras3/sequential/small_cnn";
const NESTED = "keras3/nesting/nested_in_nested";
const WEIGHTS = "keras3/weights_only/conv_keras_with_architecture";

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let server;
    let folder;

    before(async () => {
      server = await serve(SITE);
      browser = await launch();
      folder = await mkdtemp(join(tmpdir(), "tensorferry-arrive-"));
    });

    after(async () => {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true });
    });

    /** Copies a fixture's files, `{ "to/this.h5": path }`, and gives their paths. */
    async function copied(files) {
      const paths = [];
      for (const [path, from] of Object.entries(files)) {
        const to = join(folder, path);
        await mkdir(join(to, ".."), { recursive: true });
        await copyFile(from, to);
        paths.push(to);
      }
      return paths;
    }

    /** The names of the models that came together, and which of them is on the screen. */
    function models(site) {
      return site.look(({ shadow }) => {
        const buttons = [...shadow.querySelectorAll(".model-button")];
        return {
          names: buttons.map((button) => button.textContent),
          shown: buttons.findIndex((button) => button.ariaCurrent === "true"),
          saved: buttons.map((button) => button.classList.contains("saved")),
          others: shadow.querySelector("#others")?.textContent ?? "",
        };
      });
    }

    const file = (site) => site.look(({ shadow }) => shadow.querySelector(".facts").textContent);

    /** Opens the other model of a drop. */
    async function openModel(site, index) {
      await site.look(({ shadow, argument }) => {
        shadow.querySelector("#again")?.setAttribute("data-before", "");
        shadow.querySelectorAll(".model-button")[argument].click();
      }, index);
      await site.until(
        ({ element, shadow }) =>
          (element.bundle && !shadow.querySelector("#again[data-before]")) ||
          shadow.querySelector("[role=alert]"),
      );
    }

    test("two models and a picture: one after the other, and what is left aside is said", async () => {
      const paths = await copied({
        "two/first.h5": (await fixture(CNN)).files[0],
        "two/second.h5": (await fixture(NESTED)).files[0],
      });
      const picture = join(folder, "two/photo.png");
      await writeFile(picture, "\x89PNG\r\n");
      const site = await Site.open(browser, server.url);
      await dropOnPage(site, [...paths, picture]);
      assert.equal(await site.opened(), undefined);
      const at_first = await models(site);
      assert.deepEqual(at_first.names, ["first.h5", "second.h5"]);
      assert.equal(at_first.shown, 0);
      assert.match(at_first.others, /photo\.png$/);
      assert.match(await file(site), /first\.h5/);
      await checkZip((await site.download()).path);
      await openModel(site, 1);
      assert.match(await file(site), /second\.h5/);
      const then = await models(site);
      assert.deepEqual([then.shown, then.saved], [1, [true, false]]);
      await checkZip((await site.download()).path);
      assert.deepEqual((await models(site)).saved, [true, true]);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("a damaged model among others takes none with it", async () => {
      const [good] = await copied({ "damage/z.h5": (await fixture(CNN)).files[0] });
      const bytes = await readFile(good);
      const bad = join(folder, "damage/a.h5");
      await writeFile(bad, bytes.subarray(0, bytes.length / 2));
      const site = await Site.open(browser, server.url);
      await dropOnPage(site, [bad, good]);
      assert.equal((await site.opened()).code, "file-truncated");
      await openModel(site, 1);
      assert.equal(await site.problem(), undefined);
      assert.match(await file(site), /z\.h5/);
      await site.close();
    });

    test("several pairs of weights and architecture find each other", async () => {
      const { files } = await fixture(WEIGHTS);
      const weights = files.find((path) => path.endsWith(".h5"));
      const architecture = files.find((path) => path.endsWith(".json"));
      const paths = await copied({
        "pairs/encoder.json": architecture,
        "pairs/decoder.json": architecture,
        "pairs/decoder.weights.h5": weights,
        "pairs/encoder.weights.h5": weights,
      });
      const site = await Site.open(browser, server.url);
      await dropOnPage(site, paths);
      assert.equal(await site.opened(), undefined);
      assert.deepEqual((await models(site)).names, ["decoder.weights.h5", "encoder.weights.h5"]);
      assert.match(await file(site), /decoder\.weights\.h5.*decoder\.json/);
      await site.close();
    });

    for (const [way, give] of [
      ["dropped", (site, path) => dropOnPage(site, [path])],
      ["pasted as a file", (site, path) => pasteFiles(site, [path])],
      ["pasted as text", async (site, path) => pasteText(site, await readFile(path, "utf8"))],
    ]) {
      test(`an architecture that is ${way} joins the weights on the screen`, async () => {
        const { files } = await fixture(WEIGHTS);
        const site = await Site.open(browser, server.url);
        const weights = files.find((path) => path.endsWith(".h5"));
        assert.equal(await site.choose(weights), undefined);
        assert.equal(await site.look(({ element }) => element.bundle.exitCode), 1);
        await give(
          site,
          files.find((path) => path.endsWith(".json")),
        );
        await site.until(({ element }) => element.bundle?.exitCode === 0);
        assert.ok((await file(site)).includes(basename(weights)));
        await checkZip((await site.download()).path);
        await site.close();
      });
    }

    test("a model that is pasted opens; text in a field stays there", async () => {
      const site = await Site.open(browser, server.url);
      await pasteFiles(site, (await fixture(CNN)).files);
      assert.equal(await site.opened(), undefined);
      const taken = await site.look(({ shadow }) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", "{}");
        const event = new ClipboardEvent("paste", {
          clipboardData,
          bubbles: true,
          composed: true,
          cancelable: true,
        });
        shadow.querySelector("input[type=search]").dispatchEvent(event);
        return event.defaultPrevented;
      });
      assert.equal(taken, false);
      assert.equal(await site.problem(), undefined);
      await site.close();
    });

    const foldersOnly = {
      skip: name === "Firefox" && "its protocol can neither choose nor drop a folder",
    };

    test("a folder that is chosen: all models in it, however deep", foldersOnly, async () => {
      await makeFolder();
      const site = await Site.open(browser, server.url);
      const input = await site.page.waitForSelector("tensor-ferry >>> #folder-input");
      await input.uploadFile(join(folder, "project"));
      await checkFolder(site);
    });

    test("a folder that is dropped: all models in it, however deep", foldersOnly, async () => {
      await makeFolder();
      const site = await Site.open(browser, server.url);
      await dropReally(site, [join(folder, "project")]);
      await checkFolder(site);
    });

    async function makeFolder() {
      const { files } = await fixture(WEIGHTS);
      await copied({
        "project/a/model.h5": (await fixture(CNN)).files[0],
        "project/b/net.json": files.find((path) => path.endsWith(".json")),
        "project/b/epochs/7.weights.h5": files.find((path) => path.endsWith(".h5")),
      });
      await writeFile(join(folder, "project/a/notes.txt"), "no model");
      await mkdir(join(folder, "project/images"), { recursive: true });
      for (let i = 0; i < 250; i += 1) {
        await writeFile(join(folder, `project/images/${i}.png`), "\x89PNG");
      }
    }

    async function checkFolder(site) {
      assert.equal(await site.opened(), undefined);
      const { names, others } = await models(site);
      assert.deepEqual([...names].sort(), ["project/a/model.h5", "project/b/epochs/7.weights.h5"]);
      assert.equal(others, "");
      await openModel(site, names.indexOf("project/b/epochs/7.weights.h5"));
      assert.match(await file(site), /7\.weights\.h5.*net\.json/);
      assert.equal(await site.look(({ element }) => element.bundle.exitCode), 0);
      assert.deepEqual(site.errors, []);
      await site.close();
    }

    test("a folder without any model is an error with a way out", foldersOnly, async () => {
      await mkdir(join(folder, "empty"), { recursive: true });
      await writeFile(join(folder, "empty/notes.txt"), "no model");
      const site = await Site.open(browser, server.url);
      const input = await site.page.waitForSelector("tensor-ferry >>> #folder-input");
      await input.uploadFile(join(folder, "empty"));
      const { code, text } = await site.opened();
      assert.equal(code, "no-model");
      assert.match(text, /empty/);
      await site.close();
    });

    test("a model on the screen changes its language and keeps what was chosen", async () => {
      const site = await Site.open(browser, server.url);
      assert.equal(await site.choose(...(await fixture(CNN)).files), undefined);
      await site.set({ weights: "pt", checksums: true });
      await site.checked();
      const said = () =>
        site.look(({ element, shadow }) => ({
          zip: shadow.querySelector("#zip").textContent,
          weights: shadow.querySelector("[name=weights]").value,
          checksums: shadow.querySelector("[name=checksums]").checked,
          files: element.bundle.files.map(({ path }) => path),
        }));
      const english = await said();
      await site.page.click("#language");
      await site.checked();
      const korean = await said();
      assert.match(korean.zip, /[가-힣]/);
      assert.deepEqual({ ...korean, zip: "" }, { ...english, zip: "" });
      assert.ok(korean.files.includes("model.pt"));
      await site.close();
    });
  });
}
