/** The hashes of the scripts for pages of others, which docs/embed.md leaves to the build. */

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "web", "dist");
const NAME_OR_PLACE = /tensorferry(?:\.\w+)?\.js|sha384-…/g;

/** Gives the function that fills in each place: the hash of the script that was named last. */
export async function hashFiller() {
  const { integrity } = JSON.parse(await readFile(join(dist, "integrity.json"), "utf8"));
  return (text) => {
    let name;
    return text.replace(NAME_OR_PLACE, (found) => {
      if (!found.startsWith("sha384-")) return (name = found);
      if (!integrity[name]) throw new Error(`no script is named before ${found}`);
      return integrity[name];
    });
  };
}
