/** Builds the documentation: the API's pages of the package's types, then everything by VitePress. */

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { build } from "vitepress";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

/** Writes into the folder `out`; `base` is the path that it will have on its host. */
export async function buildDocs(out, base) {
  await writeApi(join(root, "build", "api"));
  await build(join(here, "docs"), { outDir: out, base, logLevel: "warn" });
}

async function writeApi(out) {
  const web = join(root, "web");
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: [join(web, "src", "index.ts"), join(web, "src", "element", "element.ts")],
    tsconfig: join(web, "tsconfig.json"),
    out,
    readme: "none",
    router: "module",
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    excludePrivate: true,
    // What TensorFerryElement has of HTMLElement fills thousands of lines.
    excludeExternals: true,
    disableSources: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    logLevel: "Warn",
  });
  const project = await app.convert();
  if (!project) throw new Error("typedoc could not read the types of web/src");
  await rm(out, { recursive: true, force: true });
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error("typedoc has complained, see above");
  }
}
