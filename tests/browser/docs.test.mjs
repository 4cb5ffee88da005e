/** The documentation: at a host's root as it is built, and in a sub-folder as others build it. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildDocs } from "../../site/docs.mjs";
import { BROWSERS } from "./support/browsers.mjs";
import { serve } from "./support/server.mjs";
import { SITE, SUB_FOLDER } from "./support/site.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LIVE = ["index.html", "embed.html", "ko/index.html"];
const SCRIPTS = ["tensorferry.js", "tensorferry.esm.js", "tensorferry.inline.js"];
const PLACES = BROWSERS.flatMap((browser) =>
  ["/", SUB_FOLDER].map((prefix) => ({ ...browser, prefix })),
);

/** Built by the first who needs it. */
let inSubFolder;

after(async () => {
  if (inSubFolder) await rm(await inSubFolder, { recursive: true });
});

for (const { name, present, launch, prefix } of PLACES) {
  describe(`${name}, under ${prefix}`, { skip: present ? false : `${name} is missing` }, () => {
    let folder;
    let server;
    let browser;

    before(async () => {
      folder = prefix === "/" ? SITE : await (inSubFolder ??= builtFor(prefix));
      server = await serve(folder, prefix);
      browser = await launch();
    });

    after(async () => {
      await browser.close();
      await server.close();
    });

    test("each page opens without an error, and each link of it leads somewhere", async () => {
      const pages = await htmlFiles(join(folder, "docs"));
      for (const expected of [...LIVE, "support.html", "design.html", "api/tensorferry.html"]) {
        assert.ok(pages.includes(expected), expected);
      }
      const found = new Map();
      for (const path of ["../index.html", ...pages]) {
        const { page, faults } = await opened(browser, `${server.url}docs/${path}`, server);
        found.set(page.url(), await page.evaluate(linksAndTargets));
        // The converter's own page has tests of its own; its links are looked at here.
        if (path !== "../index.html") assert.deepEqual(faults, [], path);
        await page.close();
      }
      assert.deepEqual(deadLinks(found, server.url), []);
    });

    for (const path of LIVE) {
      test(`the element in ${path} opens a sample`, async () => {
        const { page, faults } = await opened(browser, `${server.url}docs/${path}`, server);
        await (await page.waitForSelector(".sample")).click();
        await page.waitForFunction(() => document.querySelector("tensor-ferry").bundle);
        const source = await page.evaluate(
          () => document.querySelector("tensor-ferry").bundle.source,
        );
        assert.match(source, /class \w+\(nn\.Module\)/);
        assert.deepEqual(faults, []);
        await page.close();
      });
    }

    test("the search finds a page in each language, and goes there", async () => {
      for (const [path, word, title] of [
        ["index.html", "quantize_uint8", /TensorFlow\.js/],
        ["ko/index.html", "비행기", /개인 정보/],
      ]) {
        const { page, faults } = await opened(browser, `${server.url}docs/${path}`, server);
        const before = await page.title();
        await page.click(".DocSearch-Button");
        await (await page.waitForSelector("#localsearch-input")).type(word);
        // The results of the word's beginning are there first.
        await page.waitForFunction(
          (title) => {
            const first = document.querySelector(".VPLocalSearchBox .result");
            const isFound = first !== null && new RegExp(title).test(first.textContent);
            if (isFound) first.click();
            return isFound;
          },
          {},
          title.source,
        );
        await page.waitForFunction((title) => document.title !== title, {}, before);
        assert.match(await page.title(), title);
        assert.deepEqual(faults, []);
        await page.close();
      }
    });
  });
}

test("a link that leads nowhere is found", () => {
  const page = (links, ids) => ({ links, ids });
  const found = new Map([
    ["http://h/a.html", page(["http://h/b.html#x", "http://h/b.html#y", "http://h/c.html"], [])],
    ["http://h/b.html", page(["http://elsewhere/"], ["x"])],
  ]);
  assert.deepEqual(deadLinks(found, "http://h/"), [
    "http://h/a.html → http://h/b.html#y",
    "http://h/a.html → http://h/c.html",
  ]);
});

test("the API's page has every name that the package exports", async () => {
  const types = await readFile(join(ROOT, "web", "dist", "types", "index.d.ts"), "utf8");
  const names = [...types.matchAll(/export (?:type )?\{([^}]*)\}/g)]
    .flatMap(([, list]) => list.split(","))
    .map((name) => name.replace("type ", "").trim())
    .filter((name) => name !== "");
  const page = await readFile(join(SITE, "docs", "api", "tensorferry.html"), "utf8");
  assert.ok(names.includes("Runtime") && names.includes("Inspection"));
  for (const name of [...names, "open", "ConvertOptions", "Quantization"]) {
    assert.match(page, new RegExp(`<h3 id="${name.toLowerCase()}`), name);
  }
});

test("each hash that embed.html prints is that of the file that the site publishes", async () => {
  const [version] = await readdir(join(SITE, "embed"));
  const html = await readFile(join(SITE, "docs", "embed.html"), "utf8");
  const blocks = [...html.matchAll(/<pre.*?<\/pre>/gs)].map(([pre]) => pre.replace(/<[^>]*>/g, ""));
  const hashed = new Set();
  for (const block of blocks) {
    for (const [, number] of block.matchAll(/tensorferry\/([^/]+)\//g)) {
      assert.equal(number, version);
    }
    let name;
    for (const [found] of block.matchAll(/tensorferry(\.\w+)?\.js|sha384-\S{64}/g)) {
      if (found.startsWith("sha384-")) {
        const bytes = await readFile(join(SITE, "embed", version, name));
        assert.equal(found, `sha384-${createHash("sha384").update(bytes).digest("base64")}`, name);
        hashed.add(name);
      } else {
        name = found;
      }
    }
  }
  assert.deepEqual([...hashed], SCRIPTS);
  for (const path of await readdir(join(SITE, "docs"), { recursive: true })) {
    if (!/\.(html|js)$/.test(path)) continue;
    assert.doesNotMatch(await readFile(join(SITE, "docs", path), "utf8"), /sha384-…/, path);
  }
});

test("the repository's texts link to files that are there", async () => {
  for (const path of ["README.md", "CONTRIBUTING.md", "web/README.md"]) {
    const text = await readFile(join(ROOT, path), "utf8");
    const prose = text.replace(/```.*?```|`[^`\n]*`/gs, "");
    for (const [, target] of prose.matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)) {
      await readFile(join(ROOT, dirname(path), target));
    }
  }
});

async function builtFor(prefix) {
  const folder = await mkdtemp(join(tmpdir(), "tensorferry-docs-"));
  await cp(SITE, folder, { recursive: true, filter: (path) => path !== join(SITE, "docs") });
  await buildDocs(join(folder, "docs"), `${prefix}docs/`);
  return folder;
}

async function htmlFiles(folder) {
  const paths = await readdir(folder, { recursive: true });
  return paths.filter((path) => path.endsWith(".html") && path !== "404.html");
}

/** A tab with the page, and what goes wrong in it from now on. */
async function opened({ browser }, url, { origin }) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error" || line.type() === "warn") faults.push(line.text());
  });
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (!["data:", "blob:"].includes(to.protocol) && to.origin !== origin) faults.push(to.href);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  // The converter's own page is not VitePress's.
  await page.waitForFunction(() => {
    const app = document.getElementById("app");
    return app === null || app.__vue_app__;
  });
  return { page, faults };
}

/** Runs in the page. */
function linksAndTargets() {
  return {
    // What is downloaded is no page: tests/browser/offline.test.mjs opens it.
    links: [...document.querySelectorAll("a[href]:not([download])")].map((link) => link.href),
    ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
  };
}

/** `found` has the links and the ids of each page by its address. */
function deadLinks(found, host) {
  const dead = [];
  for (const [page, { links }] of found) {
    for (const link of new Set(links)) {
      if (!link.startsWith(host)) continue;
      const [address, id] = link.split("#");
      const target = found.get(address.endsWith("/") ? `${address}index.html` : address);
      if (!target || (id && !target.ids.includes(decodeURIComponent(id)))) {
        dead.push(`${page} → ${link}`);
      }
    }
  }
  return dead;
}
