/** Pages of others that embed the element, and the lines that site/docs/embed.md gives them. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashFiller } from "../../../site/embed-hashes.mjs";
import { Site } from "./site.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
export const DIST = join(root, "web", "dist");
const PLACE = "/tensorferry/0.1.0/";
const CDN = "https://cdn.example";
const TRUSTED_TYPES = /require-trusted-types-for[^\n]*/;

/** Of each section of embed.md with HTML and its policy: `{ title, html, csp }`; and Trusted Types. */
export async function recipes() {
  const text = await readFile(join(root, "site", "docs", "embed.md"), "utf8");
  const sections = text.split(/^## /m).map((section) => ({
    title: section.split("\n")[0],
    html: /```html\n(.*?)```/s.exec(section)?.[1],
    csp: /^Content-Security-Policy: (default-src.*)$/m.exec(section)?.[1],
  }));
  return {
    recipes: sections.filter(({ html, csp }) => html !== undefined && csp !== undefined),
    trustedTypes: TRUSTED_TYPES.exec(text)[0],
  };
}

/** What embed.md leaves open, filled in: the other origin, and the hashes of this build. */
export async function filledIn(text, cdn) {
  const fill = await hashFiller();
  return fill(text.replaceAll(CDN, cdn));
}

/**
 * A host with `pages` ({ html, csp } by path) and the files of the package, or with what `change`
 * (name, bytes) makes of them. `cors`: other origins may read them.
 */
export async function host({ pages = {}, cors = false, change = (_, bytes) => bytes } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname !== "/favicon.ico") requests.push(pathname);
    const page = pages[pathname];
    if (page) {
      const policy = page.csp ? { "Content-Security-Policy": page.csp } : {};
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...policy });
      return response.end(`<!doctype html><html lang="en"><body>${page.html}</body></html>`);
    }
    const name = pathname.startsWith(PLACE) ? pathname.slice(PLACE.length) : "";
    const bytes = /^[\w.-]+$/.test(name)
      ? await readFile(join(DIST, name)).catch(() => undefined)
      : undefined;
    if (!bytes) return response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": name.endsWith(".js") ? "text/javascript" : "application/octet-stream",
      ...(cors ? { "Access-Control-Allow-Origin": "*" } : {}),
    });
    return response.end(change(name, bytes));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that fails does not close it, and must not keep the run from its end.
  server.unref();
  return {
    pages,
    requests,
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Firefox asks every host for it, and says so where that is not allowed. */
const ICON = /favicon\.ico/;

/**
 * Opens a page in a new tab; `violations()` are what its policy stopped, `unloaded()` the addresses
 * that the browser says could not be loaded.
 */
export async function openPage({ browser, downloads }, url) {
  const page = await browser.newPage();
  const site = new Site(page, downloads);
  page.on("pageerror", ({ message }) => {
    if (!ICON.test(message)) site.errors.push(message);
  });
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    globalThis.unloaded = [];
    addEventListener("error", ({ target }) => globalThis.unloaded.push(target.src), true);
    addEventListener("securitypolicyviolation", (event) =>
      globalThis.violations.push(`${event.effectiveDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(url);
  site.violations = async () =>
    (await page.evaluate(() => globalThis.violations)).filter((it) => !ICON.test(it));
  site.unloaded = () => page.evaluate(() => globalThis.unloaded);
  return site;
}

/**
 * Whether a policy with less lets the element be used: it opens this model. It does not where the
 * browser says that the script was kept away, or the element that it can't.
 */
export async function opens(site, files) {
  const isThere = await site.page.evaluate(() => customElements.get("tensor-ferry") !== undefined);
  const keptAway = (await site.unloaded()).filter((address) => address?.includes(PLACE));
  if (!isThere && keptAway.length > 0) return false;
  return (await site.choose(...files)) === undefined;
}
