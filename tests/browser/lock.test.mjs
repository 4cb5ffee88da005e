/**
 * The lock of wall 10: once a file is open, no way of the platform reaches the server. Judged at the
 * server, since a browser may claim success for what it never sent. The same ways from a page without
 * the lock do reach it, so that each of them could have failed here.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { fixture, SITE, Site, SUB_FOLDER } from "./support/site.mjs";

/** For what a browser sends late (prefetches, beacons). */
const LATE_MILLISECONDS = 1500;

const PAGE_WAYS = [
  "fetch", "xhr", "websocket", "beacon", "import", "img", "stylesheet", "prefetch", "iframe", "form",
]; // prettier-ignore
const WORKER_WAYS = [
  "worker-fetch",
  "worker-xhr",
  "worker-websocket",
  "worker-import-scripts",
  "worker-import",
];

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let server;

    before(async () => {
      server = await serve(SITE, SUB_FOLDER);
      browser = await launch({ waits: true });
    });

    after(async () => {
      await browser.close();
      await server.close();
    });

    test("each way reaches the server from a page without the lock", async () => {
      const open = await serve(SITE);
      const page = await browser.browser.newPage();
      await page.goto(`${open.url}plain.html`);
      await tryAllWays(page, open.origin);
      const ways = waysSeen(open.requests);
      assert.deepEqual(ways, [...PAGE_WAYS, ...WORKER_WAYS].sort());
      await page.close();
      await open.close();
    });

    test("no way reaches the server once a file is open", async () => {
      const site = await Site.open(browser, server.url);
      await site.choose(...(await fixture("keras3/sequential/small_cnn")).files);
      const before = server.requests.length;
      await tryAllWays(site.page, server.origin);
      assert.deepEqual(server.requests.slice(before), []);
      await site.close();
    });

    test("the converter's own workers can't reach it either", async () => {
      const site = await Site.open(browser, server.url, bugWorkers, workerWays.toString());
      await site.choose(...(await fixture("keras3/sequential/small_cnn")).files);
      await site.download();
      const before = server.requests.length;
      const tried = await site.page.evaluate(async (base) => {
        const answers = globalThis.workers.map((worker) => {
          worker.postMessage({ leak: base });
          return new Promise((resolve) => worker.addEventListener("message", resolve));
        });
        return (await Promise.all(answers)).length;
      }, `${server.origin}/leak/`);
      assert.ok(tried >= 2, "one worker plans, another one produces");
      const names = await site.page.evaluate(() => globalThis.names);
      assert.ok(names.includes("tensorferry check"), String(names));
      await sleep(LATE_MILLISECONDS);
      assert.deepEqual(server.requests.slice(before), []);
      await site.close();
    });

    test("a file that comes before the lock waits for it", async () => {
      const site = await Site.open(browser, server.url, () => {
        globalThis.reads = [];
        addEventListener("DOMContentLoaded", () => {
          const element = document.querySelector("tensor-ferry");
          const early = new File([new Uint8Array(64)], "early.h5");
          element.addEventListener("state", () => globalThis.reads.push(element.state));
          globalThis.RealWorker = Worker;
          globalThis.Worker = class extends RealWorker {
            constructor(...args) {
              globalThis.reads.push("worker");
              super(...args);
            }

            postMessage(message, ...more) {
              if (message.call === "open") globalThis.reads.push("read");
              super.postMessage(message, ...more);
            }
          };
          element.open([early]);
        });
      });
      await site.until(({ shadow }) => shadow.querySelector("[role=alert]"));
      const order = await site.page.evaluate(() => globalThis.reads);
      assert.deepEqual(order.slice(0, 4), ["locked", "worker", "open", "read"]);
      await site.close();
    });
  });
}

function waysSeen(requests) {
  const ways = requests.map((request) => /\/leak\/([\w-]+)/.exec(request)?.[1]);
  return [...new Set(ways.filter((way) => way !== undefined))].sort();
}

async function tryAllWays(page, origin) {
  await page.evaluate(pageWays, `${origin}/leak/`);
  await page.evaluate(
    (text, base) => {
      const source = `(${text})(${JSON.stringify(base)})`;
      new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    },
    workerWays.toString(),
    `${origin}/leak/`,
  );
  await sleep(LATE_MILLISECONDS);
}

/** Runs in the page. */
async function pageWays(base) {
  const attempt = (way) => {
    try {
      Promise.resolve(way()).catch(() => {});
    } catch {
      // Blocked at once.
    }
  };
  const added = (tag, properties) => {
    const element = document.createElement(tag);
    Object.assign(element, properties);
    document.body.append(element);
    return element;
  };
  // Firefox begins it when nothing else loads, and drops it when a frame does.
  attempt(() => added("link", { rel: "prefetch", href: `${base}prefetch` }));
  await new Promise((resolve) => setTimeout(resolve, 700));
  attempt(() => fetch(`${base}fetch`));
  attempt(() => {
    const request = new XMLHttpRequest();
    request.open("GET", `${base}xhr`);
    request.send();
  });
  attempt(() => void new WebSocket(`${base.replace("http", "ws")}websocket`));
  attempt(() => void navigator.sendBeacon(`${base}beacon`, "x"));
  attempt(() => import(`${base}import`));
  attempt(() => added("img", { src: `${base}img` }));
  attempt(() => added("link", { rel: "stylesheet", href: `${base}stylesheet` }));
  attempt(() => added("iframe", { src: `${base}iframe` }));
  attempt(() => {
    const frame = added("iframe", { name: "form-target" });
    added("form", { action: `${base}form`, method: "post", target: frame.name }).submit();
  });
}

/** Runs in the page before its scripts: its workers will try the `ways` (a text) when told. */
function bugWorkers(ways) {
  const bug = `addEventListener("message", (event) => {
    if (!event.data.leak) return;
    event.stopImmediatePropagation();
    (${ways})(event.data.leak);
    if (!event.data.quiet) postMessage("tried");
  });`;
  const createObjectURL = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) =>
    createObjectURL(blob.type === "text/javascript" ? new Blob([bug, blob], blob) : blob);
  globalThis.workers = [];
  globalThis.Worker = class extends Worker {
    constructor(...settings) {
      super(...settings);
      globalThis.workers.push(this);
      globalThis.names = [...(globalThis.names ?? []), settings[1].name];
      // That of TensorFlow.js ends before it could be told.
      if (settings[1].name === "tensorferry check") {
        this.postMessage({ leak: `${location.origin}/leak/`, quiet: true });
      }
    }

    terminate() {
      globalThis.workers = globalThis.workers.filter((worker) => worker !== this);
      super.terminate();
    }
  };
}

/** Runs in a worker. */
function workerWays(base) {
  const attempt = (way) => {
    try {
      Promise.resolve(way()).catch(() => {});
    } catch {
      // Blocked at once.
    }
  };
  attempt(() => fetch(`${base}worker-fetch`));
  attempt(() => {
    const request = new XMLHttpRequest();
    request.open("GET", `${base}worker-xhr`);
    request.send();
  });
  attempt(() => void new WebSocket(`${base.replace("http", "ws")}worker-websocket`));
  attempt(() => importScripts(`${base}worker-import-scripts`));
  attempt(() => import(`${base}worker-import`));
}
