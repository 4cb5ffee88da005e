/** Docusaurus, whose pages are React's. ./dev installs its packages where the site is made. */

import { join } from "node:path";
import { BUILD } from "../browser/support/site.mjs";
import { run } from "./support/site.mjs";
import { testHost } from "./support/tests.mjs";

const PACKAGES = join(BUILD, "hosts", "docusaurus", "node_modules");
const DOCUSAURUS = join(PACKAGES, "@docusaurus", "core", "bin", "docusaurus.mjs");

/** The lines of embed.md are a configuration of their own, which this one takes in. */
const CONFIGURATION = `
import lines from "./docusaurus.config.js";

export default {
  title: "A host",
  url: "http://localhost",
  baseUrl: "/",
  onBrokenLinks: "throw",
  presets: [["classic", { blog: false, docs: { routeBasePath: "/" } }]],
  ...lines,
};
`;

testHost({
  name: "docusaurus",
  generator: "Docusaurus",
  files: () => ({
    "package.json": '{ "private": true }\n',
    "site.config.js": CONFIGURATION,
    "docs/index.md": "---\nslug: /\n---\n\n# Home page\n\n[Convert](convert.md) a model.\n",
    "docs/convert.md": "# Converter\n\nBack [Home](index.md).\n\n",
  }),
  build: (folder) => run("node", [DOCUSAURUS, "build", "--config", "site.config.js"], folder),
  out: "build",
  pages: ["convert/"],
  isOnePage: true,
  darkSwitch: "nav button[aria-label*='dark and light']",
});
