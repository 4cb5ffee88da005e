/** What goes wrong: bad files, hostile names, a lost worker. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BROWSERS } from "./support/browsers.mjs";
import { largeModel } from "./support/large.mjs";
import { serve } from "./support/server.mjs";
import { checkZip, fixture, SITE, Site, SUB_FOLDER } from "./support/site.mjs";

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let server;
    let folder;
    let good;
    let large;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "tensorferry-robust-"));
      good = (await fixture("keras3/sequential/small_cnn")).files[0];
      large = await largeModel(folder);
      server = await serve(SITE, SUB_FOLDER);
      browser = await launch();
    });

    after(async () => {
      await browser?.close();
      await server?.close();
      await rm(folder, { recursive: true });
    });

    test("a truncated file is refused in a sentence, at any point; the next file converts", async () => {
      const site = await Site.open(browser, server.url);
      const bytes = await readFile(good);
      for (const share of [0.001, 0.02, 0.3, 0.6, 0.9, 0.999]) {
        const path = join(folder, `cut-${share}.h5`);
        await writeFile(path, bytes.subarray(0, Math.ceil(bytes.length * share)));
        const problem = await site.choose(path);
        assert.ok(problem, `cut at ${share}`);
        assert.notEqual(problem.code, "unexpected", problem.text);
        assert.notEqual(problem.code, "worker-failed", problem.text);
        assert.match(problem.text, /\.$/);
      }
      assert.equal(await site.choose(good), undefined);
      await checkZip((await site.download()).path);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("other files are refused by name; the next file converts", async () => {
      const site = await Site.open(browser, server.url);
      const files = {
        "empty.h5": ["file-empty", Buffer.alloc(0)],
        "noise.h5": ["not-a-model", Buffer.from("not at all a model, but long enough to look at")],
        "weights.pt": [
          "wrong-format",
          Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(400)]),
        ],
      };
      for (const [file, [code, bytes]] of Object.entries(files)) {
        await writeFile(join(folder, file), bytes);
        const problem = await site.choose(join(folder, file));
        assert.ok(problem, file);
        assert.match(problem.text, new RegExp(file.replace(".", "\\.")));
        if (file !== "weights.pt") assert.equal(problem.code, code, problem.text);
      }
      assert.equal(await site.choose(good), undefined);
      await site.close();
    });

    test("hostile layer names show as text", async () => {
      const site = await Site.open(browser, server.url);
      const model = await fixture("keras3/names/names_all");
      assert.equal(await site.choose(...model.files), undefined);
      const { names, elements } = await site.look(({ shadow }) => ({
        names: [...shadow.querySelectorAll("#layers .layer-name")].map((it) => it.textContent),
        elements: shadow.querySelectorAll("#view script, #view img, #view .layer-name b").length,
      }));
      assert.ok(
        names.some((shown) => /[<;]/.test(shown)),
        String(names),
      );
      assert.equal(elements, 0);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("a worker that is lost mid-way is replaced, and the zip is whole", async () => {
      const site = await Site.open(browser, server.url, () => {
        globalThis.workers = [];
        globalThis.Worker = class extends Worker {
          constructor(url, options) {
            super(url, options);
            if (options.name === "tensorferry") globalThis.workers.push(this);
          }

          terminate() {
            globalThis.workers = globalThis.workers.filter((worker) => worker !== this);
            super.terminate();
          }
        };
      });
      await site.choose(large);
      await site.press("zip");
      await site.until(({ shadow }) => shadow.querySelector("progress").value > 0.1);
      const before = new Set(await readdir(browser.downloads));
      const made = await site.page.evaluate(() => {
        const made = globalThis.workers.length;
        globalThis.workers.at(-1).terminate();
        return made;
      });
      assert.match(await site.outcome(), /\.zip/);
      assert.equal(await site.page.evaluate(() => globalThis.workers.length), made);
      const { path } = await site.downloaded(before);
      await checkZip(path);
      await rm(path);
      assert.deepEqual(site.errors, []);
      await site.close();
    });
  });
}
