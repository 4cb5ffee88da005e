/** Drop, convert, download in WebKit (WebKitGTK, by WebDriver; it shows itself on a virtual screen). */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Builder } from "selenium-webdriver";
import { tfjsFaults } from "../browser/support/check-tfjs.mjs";
import { torchFaults } from "../browser/support/check-torch.mjs";
import { serve } from "../browser/support/server.mjs";
import { SITE, fixture } from "../browser/support/site.mjs";

const FIXTURES = ["keras3/sequential/small_cnn", "keras2/flatten/flatten_dense"];
const MINI_BROWSERS = ["4.1", "6.0", "4.0"].map(
  (api) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${api}/MiniBrowser`,
);
const PATIENCE = 60_000;

let home;
let service;
let driver;
let server;

before(async () => {
  // Downloads go to the home folder.
  home = await mkdtemp(join(tmpdir(), "tensorferry-webkit-"));
  server = await serve(SITE);
  const port = await freePort();
  service = spawn("xvfb-run", ["-a", "WebKitWebDriver", `--port=${port}`, "--host=127.0.0.1"], {
    stdio: "ignore",
    detached: true,
    env: { ...process.env, HOME: home },
  });
  await answers(`http://127.0.0.1:${port}/status`);
  driver = await new Builder()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": {
        binary: MINI_BROWSERS.find(existsSync),
        args: ["--automation"],
      },
    })
    .build();
});

after(async () => {
  await driver?.quit();
  process.kill(-service.pid);
  await server.close();
  await rm(home, { recursive: true, force: true });
});

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answers(url) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(100)) {
    if (await fetch(url).catch(() => undefined)) return;
  }
  throw new Error(`${url} does not answer`);
}

/** What `look` gives in the page, with `element`, `shadow` and its arguments. */
function look(expression, ...given) {
  return driver.executeScript(
    `const element = document.querySelector("tensor-ferry"), shadow = element.shadowRoot;
     return (${expression});`,
    ...given,
  );
}

function until(expression) {
  return driver.wait(() => look(expression), PATIENCE, expression);
}

async function drop(files) {
  const input = await driver.executeScript(`
    globalThis.faults = [];
    addEventListener("error", ({ message }) => faults.push(message));
    addEventListener("unhandledrejection", ({ reason }) => faults.push(String(reason)));
    const made = document.createElement("input");
    Object.assign(made, { type: "file", multiple: true });
    document.body.prepend(made);
    return made;`);
  await input.sendKeys(files.join("\n"));
  await driver.executeScript(
    `const [chosen] = arguments;
     const dataTransfer = new DataTransfer();
     for (const file of chosen.files) dataTransfer.items.add(file);
     chosen.remove();
     const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
     document.querySelector("tensor-ferry").dispatchEvent(event);`,
    input,
  );
}

async function download() {
  await look(`shadow.querySelector("#zip").click()`);
  await until(`shadow.querySelector("#outcome").textContent !== ""`);
  assert.match(await look(`shadow.querySelector("#outcome").textContent`), /\.zip is ready/);
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(50)) {
    const [name] = (await readdir(home)).filter((file) => file.endsWith(".zip"));
    if (!name) continue;
    const kept = join(home, `${performance.now()}.kept`);
    await rename(join(home, name), kept);
    return kept;
  }
  throw new Error("no zip came");
}

for (const path of FIXTURES) {
  test(`${path}: dropped, converted and downloaded`, async () => {
    const model = await fixture(path);
    await driver.get(server.url);
    await until(`element.state === "locked"`);
    await drop(model.files);
    await until(`Boolean(element.bundle || shadow.querySelector("[role=alert]"))`);
    assert.equal(await look(`shadow.querySelector("[role=alert]")?.textContent ?? ""`), "");
    const opened = server.requests.length;
    const torch = await download();
    assert.deepEqual(await torchFaults([{ zip: torch, model }]), [[]]);
    await look(`shadow.querySelector("[name=target][value=tfjs]").click()`);
    await until(`element.bundle?.files.some(({ path }) => path === "model.json")`);
    assert.deepEqual(await tfjsFaults(await download(), model), []);
    assert.equal(server.requests.length, opened, "a conversion makes no request");
    assert.deepEqual(await driver.executeScript("return faults"), []);
  });
}

test("the lock holds", async () => {
  await driver.get(server.url);
  await until(`element.state === "locked"`);
  const before = server.requests.length;
  const outcome = await driver.executeScript(
    `return fetch("plain.html").then(() => "sent", () => "refused");`,
  );
  assert.equal(outcome, "refused");
  assert.equal(server.requests.length, before);
});
