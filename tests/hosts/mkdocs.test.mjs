/** MkDocs with the theme Material, which changes pages in place ("instant navigation"). */

import { join } from "node:path";
import { BUILD } from "../browser/support/site.mjs";
import { run } from "./support/site.mjs";
import { testHost } from "./support/tests.mjs";

const PYTHON = join(BUILD, "venv-mkdocs", "bin", "python");

// It changes pages in place only at the port that site_url has.
const base = (url) => `
site_name: A host
site_url: ${url}
theme:
  name: material
  # Fonts of another host are no part of this.
  font: false
  features:
    - navigation.instant
  palette:
    - scheme: default
      toggle:
        icon: material/weather-night
        name: Dark
    - scheme: slate
      toggle:
        icon: material/weather-sunny
        name: Light
`;

testHost({
  name: "mkdocs",
  generator: "MkDocs Material",
  files: (url) => ({
    "base.yml": base(url),
    "mkdocs.yml": "INHERIT: base.yml\n",
    "docs/index.md": "# Home page\n\n[Convert](convert.md) a model.\n",
    "docs/convert.md": "# Converter\n\nBack [Home](index.md).\n\n",
  }),
  build: (folder) => run(PYTHON, ["-m", "mkdocs", "build", "--strict", "--quiet"], folder),
  out: "site",
  pages: ["convert/"],
  isOnePage: true,
  darkSwitch: "label[title='Dark']",
});
