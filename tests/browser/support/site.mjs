/** The page under test, as a person would use it. */

import { execFile } from "node:child_process";
import { readFile, readdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
export const BUILD = process.env.TENSORFERRY_BUILD ?? join(root, "build");
export const SITE = join(BUILD, "site");
/** Each of these has what its name says; ./dev makes them. */
export const KERAS_PYTHON = join(BUILD, "venv-keras", "bin", "python");
export const TORCH_PYTHON = join(BUILD, "venv-torch", "bin", "python");
/** A static host may serve the page from a folder of its own. */
export const SUB_FOLDER = "/some/sub-folder/";

const PATIENCE = 60_000;

const TEST_ZIP = `import sys, zipfile; bad = zipfile.ZipFile(sys.argv[1]).testzip(); sys.exit(bad)`;

/** Rejects unless the zip is whole and each CRC in it is true. */
export async function checkZip(path) {
  await promisify(execFile)("python3", ["-c", TEST_ZIP, path]);
}

export class Site {
  /** Opens the page in a new tab; `prepare(argument)` runs in it before the page's own scripts. */
  static async open({ browser, downloads }, url, prepare, argument) {
    const page = await browser.newPage();
    const site = new Site(page, downloads);
    page.on("pageerror", (error) => site.errors.push(error.message));
    if (prepare) await page.evaluateOnNewDocument(prepare, argument);
    await page.goto(url);
    await site.until(({ element }) => ["locked", "open"].includes(element.state));
    return site;
  }

  constructor(page, downloads) {
    this.page = page;
    this.downloads = downloads;
    this.errors = [];
  }

  /** What `look({ element, shadow, argument })` gives, in the page. */
  look(look, argument) {
    return this.page.evaluate(inPage(look), argument);
  }

  /** Waits until `condition({ element, shadow, argument })` holds, in the page. */
  until(condition, argument, timeout = PATIENCE) {
    return this.page.waitForFunction(inPage(condition), { timeout, polling: 20 }, argument);
  }

  /** Chooses files by the file button. Gives the error's { code, text }, or nothing. */
  async choose(...paths) {
    await this.look(({ shadow }) => shadow.querySelector("[role=alert]")?.remove());
    const again = await this.page.$("tensor-ferry >>> #again");
    if (again) await again.click();
    const input = await this.page.waitForSelector("tensor-ferry >>> input[type=file]");
    await input.uploadFile(...paths);
    return this.opened();
  }

  /** Waits until what was given to the page is on the screen, planned, or refused. */
  async opened() {
    await this.until(
      ({ element, shadow }) => element.bundle || shadow.querySelector("[role=alert]"),
    );
    return this.problem();
  }

  problem() {
    return this.look(({ shadow }) => {
      const alert = shadow.querySelector("[role=alert]");
      return alert ? { code: alert.dataset.code, text: alert.textContent } : undefined;
    });
  }

  /** Sets a field of the options, as `{ target: "tfjs" }`, and waits for the new plan. */
  async set(fields) {
    for (const [name, value] of Object.entries(fields)) {
      await this.look(
        ({ shadow, argument: [name, value] }) => {
          const field =
            shadow.querySelector(`[name="${name}"][value="${value}"]`) ??
            shadow.querySelector(`[name="${name}"]`);
          if (field.type === "radio") field.checked = true;
          else if (field.type === "checkbox") field.checked = value;
          else field.value = value;
          field.dispatchEvent(new Event("change", { bubbles: true }));
        },
        [name, value],
      );
      await this.opened();
    }
  }

  /** Waits until the check has ended, with its run in the plan, and gives its { state, text }. */
  async checked(timeout = PATIENCE) {
    await this.until(
      ({ element, shadow }) => {
        const { state } = shadow.getElementById("check").dataset;
        const files = element.bundle?.files.map(({ path }) => path) ?? [];
        return state === "run"
          ? files.some((path) => path === "verify.py")
          : element.bundle && !["none", "running"].includes(state);
      },
      undefined,
      timeout,
    );
    return this.look(({ shadow }) => {
      const check = shadow.getElementById("check");
      return { state: check.dataset.state, text: check.textContent };
    });
  }

  async press(id) {
    await (await this.page.waitForSelector(`tensor-ferry >>> #${id}`)).click();
  }

  /** Waits for the sentence that ends a download, and gives it. */
  async outcome(timeout = PATIENCE) {
    await this.until(
      ({ shadow }) =>
        shadow.getElementById("outcome").textContent || shadow.querySelector("[role=alert]"),
      undefined,
      timeout,
    );
    return this.look(
      ({ shadow }) =>
        (shadow.querySelector("[role=alert]") ?? shadow.getElementById("outcome")).textContent,
    );
  }

  /** Downloads the zip and gives its path, once all of it is there. */
  async download(timeout = PATIENCE) {
    const before = new Set(await readdir(this.downloads));
    await this.press("zip");
    const sentence = await this.outcome(timeout);
    if (!sentence.includes(".zip")) throw new Error(sentence);
    return this.downloaded(before);
  }

  async downloaded(before) {
    let last = -1;
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(50)) {
      const names = (await readdir(this.downloads)).filter((name) => !before.has(name));
      const partial = names.some((name) => /\.(crdownload|part)$/.test(name));
      const done = names.find((name) => name.endsWith(".zip"));
      if (!done || partial) continue;
      const path = join(this.downloads, done);
      const { size } = await stat(path);
      if (size > 0 && size === last) {
        // Chromium, when driven, overwrites what has the same name.
        const kept = join(this.downloads, `${performance.now()}-${done}`);
        await rename(path, kept);
        return { path: kept, size };
      }
      last = size;
    }
    throw new Error("the download did not end");
  }

  close() {
    return this.page.close();
  }
}

function inPage(work) {
  return new Function(
    "argument",
    `const element = document.querySelector("tensor-ferry");
     const shadow = element.shadowRoot;
     return (${work})({ element, shadow, argument });`,
  );
}

export async function fixture(name) {
  const path = join(BUILD, "fixtures", name);
  const meta = JSON.parse(await readFile(`${path}.json`, "utf8"));
  return {
    name,
    json: `${path}.json`,
    files: meta.files.map((file) => join(dirname(path), file)),
    meta,
  };
}
