import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { KERAS_PYTHON } from "./site.mjs";

const SCRIPT = fileURLToPath(new URL("./make_large.py", import.meta.url));

/** The path of a model of some hundred MB, made in this folder. */
export async function largeModel(folder) {
  const path = join(folder, "large.h5");
  await promisify(execFile)(KERAS_PYTHON, [SCRIPT, path]);
  return path;
}
