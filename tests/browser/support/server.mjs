/** A static server that remembers every request: what a page sends is judged here, at the other end. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".md": "text/markdown; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  // As hosts do that don't know it.
  ".wasm": "application/octet-stream",
};

/**
 * Serves `folder` under `prefix` ("/some/sub-folder/") and an empty page as "plain.html"; anything
 * else is 404, and counted alike. Not counted: the address of the page's service worker, exactly as
 * it is, for which Chromium itself asks some time after a page that one controls is loaded.
 * `silentAbout`: a file that never comes.
 */
export async function serve(folder, prefix = "/", silentAbout = undefined) {
  const requests = [];
  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`;
    if (asked !== `GET ${prefix}service-worker.js`) requests.push(asked);
    if (request.url !== `${prefix}${silentAbout}`) void answer(folder, prefix, request, response);
  });
  server.on("upgrade", (request, socket) => {
    requests.push(`UPGRADE ${request.url}`);
    socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that fails does not close it, and must not keep the run from its end.
  server.unref();
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    url: `${origin}${prefix}`,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(folder, prefix, request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  const inside = pathname.startsWith(prefix)
    ? pathname.slice(prefix.length) || "index.html"
    : undefined;
  if (inside === "plain.html") {
    response
      .writeHead(200, { "Content-Type": TYPES[".html"] })
      .end("<!doctype html><title>plain</title>");
    return;
  }
  let path = inside && join(folder, normalize(`/${decodeURIComponent(inside)}`));
  if (path?.endsWith("/")) path = join(path, "index.html");
  const found = path && (await stat(path).catch(() => undefined));
  if (!found?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
    "Content-Length": found.size,
    "Cache-Control": "no-store",
  });
  createReadStream(path).pipe(response);
}
