/** Sphinx with the theme furo: a page of reStructuredText, and one of Markdown by MyST. */

import { join } from "node:path";
import { BUILD } from "../browser/support/site.mjs";
import { run } from "./support/site.mjs";
import { testHost } from "./support/tests.mjs";

const PYTHON = join(BUILD, "venv-sphinx", "bin", "python");

const CONFIGURATION = `
project = "A host"
extensions = ["myst_parser"]
html_theme = "furo"
`;

testHost({
  name: "sphinx",
  generator: "Sphinx",
  files: () => ({
    "conf.py": CONFIGURATION,
    "index.md":
      "# Home page\n\n[Convert](convert.rst) a model.\n\n```{toctree}\nconvert\nconvert-myst\n```\n",
    "convert.rst": "Converter\n=========\n\nBack :doc:`Home <index>`.\n\n",
    "convert-myst.md": "# Converter of MyST\n\nBack [Home](index.md).\n\n",
  }),
  build: (folder) => run(PYTHON, ["-m", "sphinx", "-b", "html", "-W", "-q", ".", "_build"], folder),
  out: "_build",
  pages: ["convert.html", "convert-myst.html"],
  isOnePage: false,
  darkSwitch: ".content-icon-container .theme-toggle",
  asReader: true,
});
