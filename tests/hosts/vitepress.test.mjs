/** VitePress, whose pages are Vue's. */

import { build } from "vitepress";
import { testHost } from "./support/tests.mjs";

testHost({
  name: "vitepress",
  generator: "VitePress",
  files: () => ({
    "index.md": "# Home page\n\n[Convert](convert.md) a model.\n",
    "convert.md": "# Converter\n\nBack [Home](index.md).\n\n",
  }),
  build: (folder) => build(folder, { logLevel: "silent" }),
  out: ".vitepress/dist",
  pages: ["convert.html"],
  isOnePage: true,
  darkSwitch: ".VPNavBarAppearance button",
  asReader: true,
});
