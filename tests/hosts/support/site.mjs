/** Real documentation sites, built by their generators with the lines of embed.md. */

import { execFile } from "node:child_process";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { DIST, filledIn } from "../../browser/support/embed.mjs";
import { serve } from "../../browser/support/server.mjs";
import { BUILD } from "../../browser/support/site.mjs";
import { recipe } from "./recipe.mjs";

const FILES = ["tensorferry.js", "tensorferry-ui.js", "tensorferry.wasm"];

/**
 * Serves a site that has the element from itself, or from the origin `cdn`: writes and builds it.
 * `files` gives the site's own by path, for its address; what embed.md says of a file comes after
 * what `files` has of it.
 */
export async function servedSite({ name, generator, files, build, out }, cdn) {
  const folder = join(BUILD, "hosts", name, cdn ? "other" : "own");
  const server = await serve(join(folder, out));
  await rm(folder, { recursive: true, force: true });
  await writeSite(folder, files(server.url), await recipe(generator), cdn);
  await build(folder);
  return server;
}

async function writeSite(folder, files, lines, cdn) {
  const added = cdn ? lines.other : lines.own;
  for (const path of new Set([...Object.keys(files), ...Object.keys(added)])) {
    const text = `${files[path] ?? ""}${await filledIn(added[path] ?? "", cdn)}`;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  if (cdn) return;
  await mkdir(join(folder, lines.folder), { recursive: true });
  for (const file of FILES) await copyFile(join(DIST, file), join(folder, lines.folder, file));
}

/** What it prints is in the failure, if it fails. */
export async function run(command, words, folder) {
  const options = { cwd: folder, env: { ...process.env, CI: "1", NO_UPDATE_NOTIFIER: "1" } };
  await promisify(execFile)(command, words, options);
}
