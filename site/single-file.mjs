/**
 * Makes build/site/tensorferry.html of the page that is there: one file with all that converts,
 * which works from a disk without a network. Its policy lets it load and send nothing at all.
 */

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const out = join(root, "build", "site");

/** The element comes by a script of its own; samples would have to be fetched. */
const apart = {
  name: "apart",
  setup(plugin) {
    plugin.onResolve({ filter: /^(samples|tensorferry\/element)$/ }, ({ path }) => ({
      path,
      namespace: "apart",
    }));
    plugin.onLoad({ filter: /.*/, namespace: "apart" }, ({ path }) => ({
      contents: path === "samples" ? "export default [];" : "",
    }));
  },
};

async function pageScript() {
  const program = await build({
    absWorkingDir: here,
    entryPoints: ["src/main.ts"],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome110", "firefox115", "safari16.4"],
    legalComments: "none",
    logLevel: "warning",
    plugins: [apart],
  });
  return program.outputFiles[0].text;
}

/** Within a script element nothing may look like its end. */
function inline(source) {
  return source.trim().replaceAll("</script", "<\\/script");
}

function hash(source) {
  return `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
}

/** Exactly one place must be there, so that a change of the page is noticed. */
function replaced(html, pattern, replacement) {
  if (html.split(pattern).length !== 2) throw new Error(`index.html does not have one ${pattern}`);
  return html.replace(pattern, () => replacement);
}

const element = inline(await readFile(join(root, "web", "dist", "tensorferry.inline.js"), "utf8"));
const page = inline(await pageScript());
const policy = [
  "default-src 'none'",
  `script-src ${hash(element)} ${hash(page)} 'wasm-unsafe-eval'`,
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "worker-src blob:",
  "form-action 'none'",
  "base-uri 'none'",
].join("; ");

let html = await readFile(join(out, "index.html"), "utf8");
html = replaced(html, /content="default-src[^"]*"/, `content="${policy}"`);
html = replaced(html, /\s*<link rel="manifest"[^>]*>/, "");
html = replaced(html, /\s*<script type="module"[^>]*><\/script>/, "");
html = replaced(html, / wasm-url="[^"]*"/, "");
html = replaced(html, / check-url="[^"]*"/, "");
html = replaced(html, /\s*<p data-text="privacy-rest"><\/p>/, "");
html = replaced(html, /\s*<p><a [^>]*data-text="privacy-more"><\/a><\/p>/, "");
html = replaced(html, /\s*<footer>[\s\S]*<\/footer>/, "");
html = replaced(
  html,
  "</body>",
  `<script>${element}</script>\n    <script>${page}</script>\n  </body>`,
);
await writeFile(join(out, "tensorferry.html"), html);
