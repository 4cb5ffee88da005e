// Where the tests find what `./dev build` made.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = fileURLToPath(new URL("../..", import.meta.url));
const build = process.env.TENSORFERRY_BUILD ?? path.join(root, "build");

export const binary = process.env.TENSORFERRY_BINARY ?? path.join(build, "native", "tensorferry");
export const fixtures = process.env.TENSORFERRY_FIXTURES ?? path.join(build, "fixtures");

for (const needed of [binary, fixtures]) {
  if (!existsSync(needed)) {
    throw new Error(`${needed} is not there: run ./dev build, or tests/fixtures/make.py.`);
  }
}
