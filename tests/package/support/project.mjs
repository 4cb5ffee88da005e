/** The package as npm packs it, installed in projects that have nothing else. */

import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const BUILD = process.env.TENSORFERRY_BUILD ?? join(ROOT, "build");
export const NATIVE = join(BUILD, "native", "tensorferry");
export const SAMPLE = join(BUILD, "fixtures", "keras3", "sequential", "small_cnn.h5");

const exec = promisify(execFile);

/** What a command prints, with its exit code; none of them throws. */
export async function run(command, args, options = {}) {
  const patience = { timeout: 120_000, maxBuffer: 16 << 20, ...options };
  return exec(command, args, patience).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    ({ code, stdout = "", stderr = "" }) => ({ status: code, stdout, stderr }),
  );
}

async function succeed(command, args, options) {
  const { status, stdout, stderr } = await run(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** `build/package/<name>`, empty. */
export async function emptyFolder(name) {
  const folder = join(BUILD, "package", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Packs web into the folder: `{ path, files }`, these as { path, size }. */
export async function pack(folder) {
  const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [{ filename, files }] = JSON.parse(
    await succeed("npm", packing, { cwd: join(ROOT, "web") }),
  );
  return { path: join(folder, filename), files };
}

/** A project of this name that has installed the package, without a network, and these files. */
export async function project(name, files = {}) {
  const folder = await emptyFolder(name);
  const { path } = await pack(folder);
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  const quiet = ["--offline", "--no-audit", "--no-fund", "--no-update-notifier"];
  await succeed("npm", ["install", ...quiet, path], { cwd: folder });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  return folder;
}

/**
 * The blocks of code of a Markdown file, or in the comments of a program, in their order:
 * `{ section, language, code }`.
 */
export async function blocks(...path) {
  const text = await readFile(join(ROOT, ...path), "utf8");
  const sections = text.replace(/^ \* ?/gm, "").split(/^## /m);
  return sections.flatMap((text) => {
    const section = text.split("\n")[0];
    const found = text.matchAll(/^```(\w+)\n(.*?)^```$/gms);
    return [...found].map(([, language, code]) => ({ section, language, code }));
  });
}

/** The code of the package's README in this section, in this language, that has these words. */
export async function readme(section, language, words = "") {
  const all = await blocks("web", "README.md");
  const found = all.find(
    (block) =>
      block.section === section && block.language === language && block.code.includes(words),
  );
  if (!found) throw new Error(`README.md has no ${language} with "${words}" in "${section}"`);
  return found.code;
}
