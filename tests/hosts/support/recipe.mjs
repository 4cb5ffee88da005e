/** The lines that site/docs/embed.md gives for documentation sites. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// "In `path`:", and then the block.
const FILE = /`([^`\n]+)`[^`\n]*:\n\n```\w+\n(.*?)```/gs;

/**
 * Of one generator: the `folder` that the element's files go to, and the lines of each file by its
 * path, with the element from the site itself (`own`) and from another origin (`other`).
 */
export async function recipe(generator) {
  const text = await readFile(join(root, "site", "docs", "embed.md"), "utf8");
  const section = text
    .split(/^## /m)
    .find((part) => part.startsWith("In a documentation site\n"))
    .split(/^### /m)
    .find((part) => part.startsWith(`${generator}\n`));
  const [own, other] = section.split(/^From another origin/m).map(linesOf);
  return {
    folder: /The files go to `([^`]+)`/.exec(section)[1],
    own,
    other: { ...own, ...other },
  };
}

function linesOf(text) {
  return Object.fromEntries([...text.matchAll(FILE)].map(([, path, lines]) => [path, lines]));
}
