/** What a person does: drop a model, look at it, convert it both ways, use what was downloaded. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { tfjsFaults } from "./support/check-tfjs.mjs";
import { torchFaults } from "./support/check-torch.mjs";
import { dropOnPage } from "./support/drop.mjs";
import { serve } from "./support/server.mjs";
import { fixture, SITE, Site, SUB_FOLDER } from "./support/site.mjs";

const FIXTURES = [
  "keras2/sequential/small_cnn",
  "keras3/sequential/small_cnn",
  "keras3/flatten/flatten_batch_norm_dense",
  "keras3/nesting/nested_in_nested",
  "keras2/sharing/conv_twice",
  "keras3/applications_layers/inverted_residual",
];

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let server;

    before(async () => {
      server = await serve(SITE, SUB_FOLDER);
      browser = await launch();
    });

    after(async () => {
      await browser.close();
      await server.close();
    });

    test("what is in a dropped model is on the screen", async () => {
      const site = await Site.open(browser, server.url);
      const { files, meta } = await fixture("keras3/sequential/small_cnn");
      await dropOnPage(site, files);
      assert.equal(await site.opened(), undefined);
      const shown = await site.look(({ element, shadow }) => ({
        heading: shadow.querySelector("h2").textContent,
        facts: shadow.querySelector(".facts").textContent,
        layers: [...shadow.querySelectorAll("#layers .layer-button")].map((row) =>
          [...row.children].map((cell) => cell.textContent),
        ),
        notes: shadow.querySelector("#notes").textContent,
        source: element.bundle.source,
      }));
      assert.ok(shown.heading.length > 0);
      assert.match(shown.facts, /Keras 3\./);
      assert.match(shown.facts, new RegExp(basename(files[0])));
      for (const { name, shape } of [...meta.inputs, ...meta.outputs]) {
        assert.ok(
          shown.facts.includes(`${name} (${shape.map((extent) => extent ?? "?").join(", ")})`),
        );
      }
      const kinds = shown.layers.map(([, kind]) => kind.split(" ")[0]);
      assert.ok(kinds.includes("Conv2D") && kinds.includes("Dense"), String(kinds));
      const convolution = shown.layers.find(([, kind]) => kind.startsWith("Conv2D"));
      assert.match(convolution[1], /^Conv2D \(\?, \d+, \d+, \d+\)$/);
      assert.match(convolution[2], /Conv2d/);
      assert.ok(Number(convolution[3].replaceAll(",", "")) > 0);
      assert.match(shown.source, /class \w+\(nn\.Module\)/);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("a loss and an optimizer of one's own give training.py", async () => {
      const site = await Site.open(browser, server.url);
      const { files } = await fixture("keras3/sequential/small_cnn");
      assert.equal(await site.choose(...files), undefined);
      const paths = () => site.look(({ element }) => element.bundle.files.map(({ path }) => path));
      assert.ok(!(await paths()).includes("training.py"));
      await site.set({ loss: "CategoricalCrossentropy", optimizer: "AdamW" });
      await site.until(({ element }) =>
        element.bundle?.files.some(({ path }) => path === "training.py"),
      );
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("downloads compute what Keras computes, in torch and in TF.js", async () => {
      const torchRuns = [];
      for (const path of FIXTURES) {
        const model = await fixture(path);
        const site = await Site.open(browser, server.url);
        assert.equal(await site.choose(...model.files), undefined, path);
        const opened = server.requests.length;
        for (const weights of ["safetensors", "pt"]) {
          await site.set({ weights });
          torchRuns.push({
            path: `${path} as ${weights}`,
            zip: (await site.download()).path,
            model,
          });
        }
        await site.set({ target: "tfjs" });
        assert.equal(await site.problem(), undefined, path);
        const { path: zip } = await site.download();
        assert.deepEqual(await tfjsFaults(zip, model), [], `${path} in TF.js`);
        assert.equal(server.requests.length, opened, "a conversion makes no request");
        assert.deepEqual(site.errors, []);
        await site.close();
      }
      const faults = await torchFaults(torchRuns);
      torchRuns.forEach(({ path }, i) => assert.deepEqual(faults[i], [], path));
    });

    test("a comparison with the numbers of another input fails", async () => {
      const model = await fixture("keras3/sequential/small_cnn");
      const site = await Site.open(browser, server.url);
      await site.choose(...model.files);
      await site.set({ target: "tfjs" });
      const { path: zip } = await site.download();
      const [first, second] = model.meta.runs;
      const swapped = [
        { inputs: first.inputs, outputs: second.outputs },
        { inputs: second.inputs, outputs: first.outputs },
      ];
      const faults = await tfjsFaults(zip, { ...model, meta: { ...model.meta, runs: swapped } });
      assert.match(faults.join(), /differs by/);
      await site.close();
    });

    test("a folder gets the same files", async () => {
      const site = await Site.open(browser, server.url, pickPrivateFolder);
      const model = await fixture("keras3/sequential/small_cnn");
      await site.choose(...model.files);
      await site.press("folder");
      assert.match(await site.outcome(), /folder/);
      const out = await mkdtemp(join(tmpdir(), "tensorferry-folder-"));
      const files = await site.page.evaluate(readPrivateFolder);
      for (const [path, bytes] of files) await writeFile(join(out, path), Buffer.from(bytes));
      const [faults] = await torchFaults([{ zip: out, model }]);
      assert.deepEqual(faults, []);
      await rm(out, { recursive: true });
      await site.close();
    });

    test("a sample is one click away", async () => {
      const site = await Site.open(browser, server.url);
      const samples = await site.page.$$("#samples button");
      assert.ok(samples.length > 0);
      const loaded = server.requests.length;
      await samples[0].click();
      assert.equal(await site.opened(), undefined);
      assert.equal(server.requests.length, loaded);
      await site.close();
    });

    test("weights and an architecture JSON, chosen together, are one model", async () => {
      const model = await fixture("keras3/weights_only/nested_keras_with_architecture");
      const site = await Site.open(browser, server.url);
      assert.equal(await site.choose(...model.files), undefined);
      assert.match(
        await site.look(({ element }) => element.bundle.source),
        /class \w+\(nn\.Module\)/,
      );
      await site.close();
    });
  });
}

/** A person's folder needs a dialogue; the browser's private one is the same to the page. */
function pickPrivateFolder() {
  globalThis.showDirectoryPicker = async () => {
    const root = await navigator.storage.getDirectory();
    return root.getDirectoryHandle("folder", { create: true });
  };
}

async function readPrivateFolder() {
  const files = [];
  for await (const [path, handle] of (await globalThis.showDirectoryPicker()).entries()) {
    const bytes = await (await handle.getFile()).arrayBuffer();
    files.push([path, [...new Uint8Array(bytes)]]);
  }
  return files;
}
