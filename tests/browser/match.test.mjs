/**
 * Weights for a PyTorch model that is there already: chosen from a list, or by dropping its
 * state_dict; the table of modules, looked at and corrected.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { BROWSERS } from "./support/browsers.mjs";
import { dropOnPage } from "./support/drop.mjs";
import { serve } from "./support/server.mjs";
import { SITE, SUB_FOLDER, Site, TORCH_PYTHON, fixture } from "./support/site.mjs";

const run = promisify(execFile);
const CHECK = join(import.meta.dirname, "support", "check_match.py");
const MOBILE = "keras3/deep/mobilenetv2";
const DENSE = "keras3/deep/densenet121";

/** A state_dict, and a file that holds a whole module instead. */
const SAVE = `import sys, torch, torchvision
torch.save(torchvision.models.densenet121().state_dict(), sys.argv[1])
torch.save(torch.nn.Linear(2, 3), sys.argv[2])`;

const files = await mkdtemp(join(tmpdir(), "tensorferry-match-"));
const stateDict = join(files, "own.pt");
const wholeModule = join(files, "whole.pt");

before(() => run(TORCH_PYTHON, ["-c", SAVE, stateDict, wholeModule]));

after(() => rm(files, { recursive: true }));

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

    async function opened(path) {
      const site = await Site.open(browser, server.url);
      const { files, json } = await fixture(path);
      assert.equal(await site.choose(...files), undefined, path);
      return { site, json };
    }

    /** Waits for a plan of a match, and gives what the page shows of it. */
    async function matched(site) {
      await site.until(({ element }) => element.bundle?.entry === "load.py");
      return site.look(({ element, shadow }) => ({
        title: shadow.querySelector("#mapping summary").textContent,
        rows: [...shadow.querySelectorAll("#mapping tbody tr")].map((row) => ({
          doubtful: row.className === "doubtful",
          cells: [...row.cells].map(
            (cell) => cell.querySelector("select")?.value ?? cell.textContent,
          ),
        })),
        files: element.bundle.files.map((file) => file.path),
        notes: shadow.querySelector("#notes").textContent,
      }));
    }

    async function unpacked(site) {
      const { path: zip } = await site.download();
      const out = await mkdtemp(join(files, "out-"));
      await run(TORCH_PYTHON, ["-m", "zipfile", "-e", zip, out]);
      return out;
    }

    async function differenceOf(site, json, ...own) {
      const out = await unpacked(site);
      const { stdout } = await run(TORCH_PYTHON, [CHECK, out, json, ...own]);
      return Number(stdout);
    }

    test("a model of torchvision gets the weights, and computes what Keras computes", async () => {
      const { site, json } = await opened(MOBILE);
      await site.set({ match: "torchvision:mobilenet_v2" });
      const { title, rows, files, notes } = await matched(site);
      assert.match(title, /\b105 pairs$/);
      assert.ok(rows.every(({ doubtful }) => !doubtful));
      assert.ok(rows.some(({ cells }) => cells[0] === "Conv1" && cells[1] === "features.0.0"));
      assert.ok(files.includes("mapping.json") && !files.includes("model.py"));
      assert.match(notes, /WRONG/);
      assert.ok((await differenceOf(site, json)) <= 1e-3);
      assert.equal((await site.checked()).state, "run");
      const proof = await run(TORCH_PYTHON, [join(await unpacked(site), "verify.py")]);
      assert.match(proof.stdout, /PASS/);
      await site.set({ match: "" });
      await site.until(({ element }) => element.bundle?.entry === "model.py");
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("a dropped state_dict gets them too, after a look at what is doubtful", async () => {
      const { site, json } = await opened(DENSE);
      await dropOnPage(site, [stateDict]);
      const { title, rows } = await matched(site);
      assert.match(title, /to look at/);
      assert.ok(rows[0].doubtful);
      assert.ok((await differenceOf(site, json, "own")) <= 1e-3);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("another module is chosen for a layer: the two change places, and back", async () => {
      const { site, json } = await opened(DENSE);
      await site.set({ match: "torchvision:densenet121" });
      const before = await matched(site);
      const layer = "conv3_block1_1_conv";
      const module = "features.denseblock2.denselayer1.conv1";
      const rowOf = ({ rows }, name) => rows.find(({ cells }) => cells[0] === name).cells[1];
      assert.equal(rowOf(before, layer), module);
      const change = ({ shadow, argument: [layer, module] }) => {
        shadow.getElementById("mapping").open = true;
        const selects = [...shadow.querySelectorAll("#mapping select")];
        const select = selects.find((one) => one.getAttribute("aria-label").endsWith(` ${layer}`));
        select.focus();
        const option = [...select.options].find(({ value }) => value === module);
        if (!option) return [...select.options].map(({ value }) => value);
        select.value = module;
        select.dispatchEvent(new Event("change", { bubbles: true }));
        return undefined;
      };
      // A module of another shape is not on offer.
      const offered = await site.look(change, [layer, "features.conv0"]);
      assert.equal(offered[0], module);
      assert.equal(offered.at(-1), "");
      assert.ok(!offered.includes("features.conv0"));
      const same = before.rows.filter(({ cells }) => /_2_conv$/.test(cells[0])).slice(0, 2);
      const [first, second] = same.map(({ cells }) => cells);
      assert.equal(await site.look(change, [first[0], second[1]]), undefined);
      await site.until(
        ({ element, argument: [layer, module] }) =>
          element.bundle?.mapping?.find((row) => row.layer === layer)?.module === module,
        [first[0], second[1]],
      );
      const after = await matched(site);
      assert.equal(rowOf(after, second[0]), first[1]);
      assert.ok((await differenceOf(site, json)) > 1e-3);
      await site.look(({ shadow }) => shadow.querySelector("#mapping button").click());
      await site.until(
        ({ element, argument: [layer, module] }) =>
          element.bundle?.mapping?.find((row) => row.layer === layer)?.module === module,
        [first[0], first[1]],
      );
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("what is no state_dict is refused with a sentence, and the model stays", async () => {
      const { site } = await opened(MOBILE);
      await dropOnPage(site, [wholeModule]);
      await site.until(({ shadow }) => shadow.querySelector("[role=alert]"));
      const { code, text } = await site.problem();
      assert.equal(code, "wrong-format");
      assert.match(text, /nothing of a pickle is executed/);
      assert.equal(await site.look(({ element }) => element.bundle?.entry), "model.py");
      await site.close();
    });
  });
}
