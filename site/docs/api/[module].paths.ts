/** The pages that typedoc has made of the package's types (site/docs.mjs), one a module. */

import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const made = fileURLToPath(new URL("../../../build/api", import.meta.url));

export default {
  paths: () =>
    readdirSync(made)
      .filter((name) => name.endsWith(".md") && name !== "README.md")
      .map((name) => ({
        params: { module: basename(name, ".md") },
        content: readFileSync(join(made, name), "utf8"),
      })),
};
