/** The element on pages of others, as site/docs/embed.md tells people to put it there. */

import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { BROWSERS } from "./support/browsers.mjs";
import { dropOnPage } from "./support/drop.mjs";
import { DIST, filledIn, host, openPage, opens, recipes } from "./support/embed.mjs";
import { checkZip, fixture } from "./support/site.mjs";

const MOST_LOADER_BYTES = 20 * 1024;
const SCRIPT = '<script src="/tensorferry/0.1.0/tensorferry.js"></script>';
const OWN = "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src blob:";
const { recipes: all, trustedTypes } = await recipes();

test("the loaders are small, and contain no import()", async () => {
  for (const name of ["tensorferry.js", "tensorferry.esm.js"]) {
    const text = await readFile(join(DIST, name));
    assert.ok(gzipSync(text).length <= MOST_LOADER_BYTES, name);
    assert.doesNotMatch(text.toString(), /\bimport\(/);
  }
});

test("a server that renders pages can import the element and its loader", async () => {
  assert.equal(globalThis.HTMLElement, undefined);
  await import(pathToFileURL(join(DIST, "element.js")));
  await import(pathToFileURL(join(DIST, "tensorferry.esm.js")));
});

test("embed.md has the lines for each build", () => {
  const text = all.map(({ html }) => html).join("");
  for (const name of ["tensorferry.js", "tensorferry.esm.js", "tensorferry.inline.js"]) {
    assert.ok(text.includes(name), name);
  }
});

for (const { name, present, launch } of BROWSERS) {
  describe(name, { skip: present ? false : `${name} is not installed` }, () => {
    let browser;
    let cdn;
    let own;
    let model;

    before(async () => {
      model = await fixture("keras3/sequential/small_cnn");
      cdn = await host({ cors: true });
      own = await host();
      browser = await launch();
    });

    after(async () => {
      await browser.close();
      await cdn.close();
      await own.close();
    });

    /** Opens a page with this HTML under this policy. */
    function show(html, csp) {
      own.pages["/page"] = { html, csp };
      return openPage(browser, `${own.origin}/page`);
    }

    for (const { title, html, csp } of all) {
      for (const more of ["", `; ${trustedTypes}`]) {
        test(`${title}: converts under its policy${more && ", with Trusted Types"}`, async () => {
          const policy = (await filledIn(csp, cdn.origin)) + more;
          const site = await show(await filledIn(html, cdn.origin), policy);
          assert.equal(await site.choose(...model.files), undefined);
          await checkZip((await site.download()).path);
          assert.deepEqual(await site.violations(), []);
          assert.deepEqual(site.errors, []);
          await site.close();
        });
      }

      test(`${title}: no part of its policy is too much`, async () => {
        const directives = (await filledIn(csp, cdn.origin)).split("; ");
        const less = directives.slice(1).flatMap((directive, i) =>
          directive
            .split(" ")
            .slice(1)
            .map((source) =>
              directives.with(i + 1, directive.replace(` ${source}`, "")).join("; "),
            ),
        );
        assert.ok(less.length >= 3);
        for (const policy of less) {
          const site = await show(await filledIn(html, cdn.origin), policy);
          assert.equal(await opens(site, model.files), false, policy);
          await site.close();
        }
      });
    }

    test("what is in one file works from file://", async () => {
      const folder = await mkdtemp(join(tmpdir(), "tensorferry-file-"));
      await copyFile(join(DIST, "tensorferry.inline.js"), join(folder, "tensorferry.inline.js"));
      const page = join(folder, "page.html");
      const html = '<script src="tensorferry.inline.js"></script><tensor-ferry></tensor-ferry>';
      await writeFile(page, `<!doctype html>${html}`);
      const site = await openPage(browser, pathToFileURL(page).href);
      assert.equal(await site.choose(...model.files), undefined);
      await checkZip((await site.download()).path);
      await site.close();
      await rm(folder, { recursive: true });
    });

    test("nothing but the loader is loaded before it is used; a file that comes sooner waits", async () => {
      const before = own.requests.length;
      const site = await show(`${SCRIPT}<tensor-ferry></tensor-ferry>`, OWN);
      await site.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
      const loader = "/tensorferry/0.1.0/tensorferry.js";
      assert.deepEqual(own.requests.slice(before), ["/page", loader]);
      assert.equal(await site.look(({ element }) => element.state), "idle");
      assert.equal(await site.choose(...model.files), undefined);
      assert.deepEqual(own.requests.slice(before + 2), [
        "/tensorferry/0.1.0/tensorferry-ui.js",
        "/tensorferry/0.1.0/tensorferry.wasm",
      ]);
      await site.close();
    });

    test("focus is a sign of use", async () => {
      const site = await show(`${SCRIPT}<tensor-ferry></tensor-ferry>`, OWN);
      await site.page.keyboard.press("Tab");
      await site.until(({ element }) => element.state === "ready");
      await site.close();
    });

    test("files that are dragged over the page are a sign of use", async () => {
      const site = await show(`${SCRIPT}<p>Text</p><tensor-ferry></tensor-ferry>`, OWN);
      await site.page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([], "model.h5"));
        const text = document.querySelector("p");
        text.dispatchEvent(new DragEvent("dragenter", { dataTransfer, bubbles: true }));
      });
      await site.until(({ element }) => element.state === "ready");
      await site.close();
    });

    test("a file that is dropped outside of all elements is the first one's, or the page's", async () => {
      const site = await show(
        `${SCRIPT}<p>Text</p><tensor-ferry></tensor-ferry><tensor-ferry id="second"></tensor-ferry>
         <p id="takes">Takes files itself</p>`,
        OWN,
      );
      await site.page.evaluate(() => {
        const takes = document.getElementById("takes");
        for (const type of ["dragover", "drop"]) {
          takes.addEventListener(type, (event) => event.preventDefault());
        }
      });
      await dropOnPage(site, model.files, "#takes");
      assert.equal(await site.look(({ element }) => element.state), "idle");
      await dropOnPage(site, model.files, "p");
      assert.equal(await site.opened(), undefined);
      await checkZip((await site.download()).path);
      assert.equal(await site.page.evaluate(() => document.getElementById("second").state), "idle");
      await site.close();
    });

    test("several with the lock on one page convert behind it", async () => {
      const element = `<tensor-ferry lock src="/tensorferry/0.1.0/integrity.json"></tensor-ferry>`;
      const sample = await readFile(model.files[0]);
      const server = await host({
        pages: { "/page": { html: `${SCRIPT}${element}${element}`, csp: OWN } },
        change: (file, bytes) => (file === "integrity.json" ? sample : bytes),
      });
      const site = await openPage(browser, `${server.origin}/page`);
      assert.equal(await site.choose(...model.files), undefined);
      await checkZip((await site.download()).path);
      const before = server.requests.length;
      const [, second] = await site.page.$$("tensor-ferry");
      await second.evaluate((it) => it.shadowRoot.getElementById("sample").click());
      await site.page.waitForFunction((it) => it.bundle, {}, second);
      await second.evaluate((it) => it.shadowRoot.getElementById("zip").click());
      await site.page.waitForFunction(
        (it) => it.shadowRoot.getElementById("outcome").textContent.includes(".zip"),
        {},
        second,
      );
      await site.page.evaluate(() => fetch("/leak").catch(() => undefined));
      assert.equal(server.requests.length, before);
      assert.deepEqual(site.errors, []);
      await site.close();
      await server.close();
    });

    test("another origin that lets no other read it: what is loaded later says so", async () => {
      const closed = await host();
      const html = `<script src="${closed.origin}/tensorferry/0.1.0/tensorferry.js"></script>
        <tensor-ferry></tensor-ferry>`;
      const site = await show(html);
      const { code, text } = await site.choose(...model.files);
      assert.equal(code, "module-unavailable");
      assert.match(text, /tensorferry-ui\.js.*Access-Control-Allow-Origin/s);
      await site.close();
      await closed.close();
    });

    test("and of the script itself the browser says so; what is in the element stays", async () => {
      const closed = await host();
      const { html } = all.find(({ html }) => html.includes("crossorigin"));
      const inside = "<tensor-ferry>The converter is elsewhere</tensor-ferry>";
      const site = await show(
        (await filledIn(html, closed.origin)).replace(/<tensor-ferry>.*/, inside),
      );
      assert.deepEqual(closed.requests, ["/tensorferry/0.1.0/tensorferry.js"]);
      assert.equal(await site.page.evaluate(() => customElements.get("tensor-ferry")), undefined);
      const shown = await site.page.evaluate(() => document.body.innerText.trim());
      assert.equal(shown, "The converter is elsewhere");
      assert.deepEqual(await site.unloaded(), [
        `${closed.origin}/tensorferry/0.1.0/tensorferry.js`,
      ]);
      await site.close();
      await closed.close();
    });

    for (const changed of ["tensorferry-ui.js", "tensorferry.wasm"]) {
      test(`${changed} of another hash is refused, and the next try can succeed`, async () => {
        let isChanged = true;
        const page = { html: `${SCRIPT}<tensor-ferry></tensor-ferry>`, csp: OWN };
        const bad = await host({
          pages: { "/page": page },
          change: (file, bytes) =>
            file === changed && isChanged ? Buffer.concat([bytes, Buffer.from("\n")]) : bytes,
        });
        const site = await openPage(browser, `${bad.origin}/page`);
        await site.look(({ element }) => {
          element.addEventListener("error", ({ detail }) => (element.seen = detail));
        });
        assert.equal((await site.choose(...model.files)).code, "module-unavailable");
        const { code, during } = await site.look(({ element }) => element.seen);
        assert.deepEqual([code, during], ["module-unavailable", "load"]);
        isChanged = false;
        assert.equal(await site.choose(...model.files), undefined);
        await site.close();
        await bad.close();
      });
    }

    test("several on one page share the module, and a drop goes where it fell", async () => {
      const before = own.requests.length;
      const site = await show(
        `${SCRIPT}<tensor-ferry></tensor-ferry><tensor-ferry id="second"></tensor-ferry>`,
        OWN,
      );
      assert.equal(await site.choose(...model.files), undefined);
      const first = await site.look(({ element }) => element.bundle.source);
      await dropOnPage(site, (await fixture("keras3/nesting/nested_in_nested")).files, "#second");
      await site.page.waitForFunction(() => document.querySelector("#second").bundle);
      assert.equal(await site.look(({ element }) => element.bundle.source), first);
      const modules = own.requests.slice(before).filter((path) => path.endsWith(".wasm"));
      assert.equal(modules.length, 1);
      await site.close();
    });

    test("attributes choose target, language and theme, and events tell what happens", async () => {
      const site = await show(
        `${SCRIPT}<tensor-ferry target="tfjs" lang="ko" theme="dark" compact></tensor-ferry>`,
        OWN,
      );
      await site.look(({ element }) => {
        element.seen = [];
        for (const type of ["open", "convert", "error"]) {
          element.addEventListener(type, ({ detail }) => element.seen.push([type, detail]));
        }
      });
      assert.equal(await site.choose(...model.files), undefined);
      await site.download();
      const { events, shown } = await site.look(({ element, shadow }) => ({
        events: element.seen.map(([type, { files, as, target, bytes }]) => [
          type,
          files?.length ?? [as, target, bytes > 0],
        ]),
        shown: {
          text: shadow.querySelector("#options h3").textContent,
          view: getComputedStyle(shadow.querySelector(".view")).display,
          color: getComputedStyle(element).color,
        },
      }));
      assert.deepEqual(events, [
        ["open", 1],
        ["convert", ["zip", "tfjs", true]],
      ]);
      assert.match(shown.text, /[가-힣]/);
      assert.equal(shown.view, "none");
      assert.equal(shown.color, "rgb(230, 233, 236)");
      await site.close();
    });

    test("by itself the theme is the page's, also when that changes", async () => {
      const site = await show(`${SCRIPT}<tensor-ferry></tensor-ferry>`);
      const color = () => site.look(({ element }) => getComputedStyle(element).color);
      assert.equal(await color(), "rgb(28, 32, 36)");
      await site.page.evaluate(() => (document.documentElement.style.colorScheme = "dark"));
      await site.until(({ element }) => getComputedStyle(element).color === "rgb(230, 233, 236)");
      await site.close();
    });

    test("sizes are the element's own, whatever those of the page are", async () => {
      const style = await readFile(new URL("../../web/src/element/style.css", import.meta.url));
      assert.doesNotMatch(style.toString(), /\drem\b/);
      const heights = [];
      for (const size of ["100%", "150%"]) {
        const style = `<style>html { font-size: ${size}; line-height: 2 }</style>`;
        const site = await show(`${style}${SCRIPT}<tensor-ferry></tensor-ferry>`);
        assert.equal(await site.choose(...model.files), undefined);
        // Its last line is written when the check ends.
        await site.checked();
        heights.push(await site.look(({ element }) => element.offsetHeight));
        await site.close();
      }
      assert.equal(heights[0], heights[1]);
    });

    test("a sample is one click away, and fetched before the lock", async () => {
      const [path] = model.files;
      const sample = await readFile(path);
      const page = {
        html: `${SCRIPT}<tensor-ferry lock src="/tensorferry/0.1.0/integrity.json"></tensor-ferry>`,
        csp: OWN,
      };
      const server = await host({
        pages: { "/page": page },
        change: (file, bytes) => (file === "integrity.json" ? sample : bytes),
      });
      const site = await openPage(browser, `${server.origin}/page`);
      await site.look(({ element }) => element.prepare());
      await site.look(({ element }) => element.setAttribute("theme", "dark"));
      await site.press("sample");
      assert.equal(await site.opened(), undefined);
      assert.ok(await site.look(({ element }) => element.getAttribute("state") === "open"));
      const before = server.requests.length;
      await site.page.evaluate(() => fetch("/leak").catch(() => undefined));
      assert.equal(server.requests.length, before);
      await site.close();
      await server.close();
    });
  });
}
