/**
 * The check: a run of the original by real TensorFlow.js, or by the reference evaluator, goes into
 * the download with verify.py; a TensorFlow.js model is compared on the page, whole and by layer.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { BUILD, SITE, SUB_FOLDER, Site, checkZip, fixture } from "./support/site.mjs";
import { verified } from "./support/verify.mjs";

/** Images, sequences, indices, several inputs, nested models, shared layers, masks. */
const MODELS = [
  "keras3/sequential/small_cnn",
  "keras3/applications_layers/inverted_residual",
  "keras3/time_distributed/conv_lstm_head",
  "keras2/masks/embedding_lstm_sequences",
  "keras2/nesting/inner_many_inputs_outputs",
  "keras2/sharing/conv_twice",
];
const CNN = MODELS[0];
/** TensorFlow.js has no such attention. */
const REFUSED_BY_TFJS = "keras3/masked_attention/heads_attention_mask";

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

    async function opened(path, prepare, argument, url = server.url) {
      const site = await Site.open(browser, url, prepare, argument);
      assert.equal(await site.choose(...(await fixture(path)).files), undefined, path);
      return site;
    }

    test("the download holds a run by TensorFlow.js, which verify.py repeats in torch", async () => {
      const zips = [];
      for (const path of MODELS) {
        const site = await opened(path, countWorkers);
        const before = server.requests.length;
        const { path: zip } = await site.download();
        assert.equal((await site.checked()).state, "run", path);
        assert.deepEqual(await ofTfjs(site), { made: 1, ended: 1 }, path);
        assert.equal(server.requests.length, before, "a check makes no request");
        assert.deepEqual(site.errors, []);
        await site.close();
        zips.push(zip);
      }
      for (const [i, { source, output }] of (await verified(...zips)).entries()) {
        assert.match(source, /TensorFlow\.js 4\.\d+\.\d+ computed/, MODELS[i]);
        assert.match(output, /PASS\n$/, MODELS[i]);
      }
    });

    test("what TensorFlow.js can't run, and other precisions, the reference runs", async () => {
      const site = await opened(REFUSED_BY_TFJS);
      const { state, text } = await site.checked();
      assert.equal(state, "run");
      assert.match(text, /TensorFlow\.js could not run it: .*mask/);
      const refused = (await site.download()).path;
      await site.choose(...(await fixture(CNN)).files);
      await site.set({ dtype: "float16" });
      await site.checked();
      const half = (await site.download()).path;
      for (const { source, output } of await verified(refused, half)) {
        assert.match(source, /reference evaluator computed/);
        assert.match(output, /PASS\n$/);
      }
      await site.close();
    });

    test("a model that can't be run has no check, with the reason; one that is not wanted none", async () => {
      const site = await opened("keras3/bad_input/custom_layer");
      const { state, text } = await site.checked();
      assert.equal(state, "unavailable");
      assert.match(text, /cannot be computed/);
      await site.choose(...(await fixture(CNN)).files);
      await site.checked();
      await site.set({ check: false });
      const files = await site.look(({ element }) => element.bundle.files.map(({ path }) => path));
      assert.ok(!files.includes("verify.py"), String(files));
      assert.ok(await site.look(({ shadow }) => shadow.getElementById("check").hidden));
      await site.close();
    });

    test("a model for TensorFlow.js computes there what the file says, and each layer does", async () => {
      for (const path of MODELS) {
        const site = await opened(path);
        await site.set({ target: "tfjs" });
        const whole = await site.checked();
        assert.equal(whole.state, "ok", `${path}: ${whole.text}`);
        assert.match(whole.text, /Largest difference (0|\d\.\de\u2011\d+)/);
        const rows = await layers(site);
        assert.ok(rows.length > 0, path);
        assert.deepEqual(
          rows.filter(({ status }) => status !== "OK"),
          [],
          path,
        );
        await site.close();
      }
    });

    test("a layer whose weights are others is found by its name", async () => {
      for (const [path, weight, layer] of [
        [CNN, /kernel$/, undefined],
        ["keras3/time_distributed/conv_lstm_head", /lstm.*recurrent_kernel$/, /lstm/],
        ["keras3/nesting/nested_in_nested", /kernel$/, /\//],
      ]) {
        const site = await opened(path, disturbWeight, weight.source);
        await site.set({ target: "tfjs" });
        assert.equal((await site.checked()).state, "inaccurate", path);
        const rows = await layers(site);
        const disturbed = await site.look(() => globalThis.disturbed);
        const first = rows.find(({ status }) => status !== "OK");
        assert.equal(first.layer.split("/").at(-1), disturbed.split("/")[0], path);
        if (layer) assert.match(first.layer, layer);
        const { text } = await site.checked();
        assert.ok(text.includes(`The first layer that differs is ${first.layer}.`), text);
        await site.close();
      }
    });

    test("TensorFlow.js and the reference are compared before verify.py is run", async () => {
      const site = await opened(CNN, disturbWeight, "kernel$");
      const { state, text } = await site.checked();
      assert.equal(state, "inaccurate");
      assert.match(text, /reference evaluator differ by/);
      const [{ output }] = await verified((await site.download()).path);
      assert.match(output, /FAIL\n$/);
      await site.close();
    });

    test("quantized weights differ, and it is said why", async () => {
      const site = await opened(CNN);
      await site.set({ target: "tfjs", quantization: "uint8" });
      const { state, text } = await site.checked();
      assert.equal(state, "inaccurate");
      assert.match(text, /quantized/);
      await site.close();
    });

    test("without TensorFlow.js, which is waited for 5 seconds, the reference runs", async () => {
      const silent = await serve(SITE, SUB_FOLDER, "tensorferry.check.js");
      const site = await opened(CNN, countSeconds, undefined, silent.url);
      assert.deepEqual(await site.look(() => globalThis.order.slice(0, 2)), ["4 s", "locked"]);
      assert.equal((await site.checked()).state, "run");
      const [{ source, output }] = await verified((await site.download()).path);
      assert.match(source, /reference evaluator computed/);
      assert.match(output, /PASS\n$/);
      await site.close();
      await silent.close();
    });

    test("tensorferry.html checks by the reference evaluator", async () => {
      const url = pathToFileURL(join(SITE, "tensorferry.html")).href;
      const site = await opened(CNN, undefined, undefined, url);
      assert.equal((await site.checked()).state, "run");
      const [{ source, output }] = await verified((await site.download()).path);
      assert.match(source, /reference evaluator computed/);
      assert.match(output, /PASS\n$/);
      await site.set({ target: "tfjs" });
      const { state, text } = await site.checked();
      assert.equal(state, "unavailable");
      assert.match(text, /without TensorFlow\.js/);
      assert.deepEqual(site.errors, []);
      await site.close();
    });

    test("a download waits for the check; who cancels it can have the rest, or check again", async () => {
      const site = await opened(CNN, silenceTfjs);
      await site.press("zip");
      await site.press("cancel");
      assert.match(await site.outcome(), /Cancelled/);
      assert.equal((await site.checked()).state, "stopped");
      const { path } = await site.download();
      await checkZip(path);
      await site.press("check-start");
      await site.until(({ shadow }) => shadow.getElementById("check").dataset.state === "running");
      await site.close();
    });

    test("a large model is checked when that is asked for", async () => {
      const site = await Site.open(browser, server.url, pretendLarge);
      await site.choose(join(BUILD, "samples", "digits_cnn.h5"));
      assert.equal((await site.checked()).state, "large");
      await site.press("check-start");
      await site.until(({ shadow }) => shadow.getElementById("check").dataset.state !== "large");
      assert.equal((await site.checked()).state, "run");
      await site.close();
    });
  });
}

/** Presses the button and reads the table. */
async function layers(site) {
  await site.press("check-layers");
  await site.until(({ shadow }) => shadow.querySelector(".check-layers table"));
  return site.look(({ shadow }) =>
    [...shadow.querySelectorAll(".check-layers tbody tr")].map((row) => ({
      layer: row.children[0].textContent,
      status: row.children[1].textContent,
    })),
  );
}

/** Runs in the page before its scripts: what comes first after TensorFlow.js was asked for. */
function countSeconds() {
  globalThis.order = [];
  const realFetch = globalThis.fetch;
  globalThis.fetch = (url, ...more) => {
    if (String(url).endsWith("tensorferry.check.js")) {
      for (const seconds of [4, 15]) {
        setTimeout(() => globalThis.order.push(`${seconds} s`), seconds * 1000);
      }
    }
    return realFetch(url, ...more);
  };
  addEventListener("DOMContentLoaded", () => {
    const element = document.querySelector("tensor-ferry");
    element.addEventListener("state", () => globalThis.order.push(element.state));
  });
}

/** Runs in the page before its scripts: TensorFlow.js never answers. */
function silenceTfjs() {
  globalThis.Worker = class extends Worker {
    postMessage(message, ...more) {
      if (!message.weights) super.postMessage(message, ...more);
    }
  };
}

function ofTfjs(site) {
  return site.look(() => globalThis.tfjsWorkers);
}

/** Runs in the page before its scripts. */
function countWorkers() {
  globalThis.tfjsWorkers = { made: 0, ended: 0 };
  globalThis.Worker = class extends Worker {
    constructor(url, options) {
      super(url, options);
      this.isTfjs = options.name === "tensorferry check";
      if (this.isTfjs) globalThis.tfjsWorkers.made += 1;
    }

    terminate() {
      if (this.isTfjs) globalThis.tfjsWorkers.ended += 1;
      super.terminate();
    }
  };
}

/** Runs in the page before its scripts: TensorFlow.js gets one weight otherwise. */
function disturbWeight(pattern) {
  globalThis.Worker = class extends Worker {
    postMessage(message, ...more) {
      if (message.model && message.weights) {
        let offset = 0;
        const all = JSON.parse(message.model).weightsManifest.flatMap((group) => group.weights);
        for (const { name, shape } of all) {
          const count = shape.reduce((product, extent) => product * extent, 1);
          if (new RegExp(pattern).test(name)) {
            new Float32Array(message.weights, offset, count)[count >> 1] += 0.01;
            globalThis.disturbed = name;
            break;
          }
          offset += 4 * count;
        }
      }
      super.postMessage(message, ...more);
    }
  };
}

/** Runs in the page before its scripts: the core says that the model is much work. */
function pretendLarge() {
  globalThis.Worker = class extends Worker {
    addEventListener(type, listener, ...more) {
      const told = (event) => {
        const large = event.data?.ok?.work !== undefined;
        if (large) event.data.ok.work = 1e10;
        listener(event);
      };
      super.addEventListener(type, type === "message" ? told : listener, ...more);
    }
  };
}
