import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TORCH_PYTHON } from "./site.mjs";

const SCRIPT = fileURLToPath(new URL("./check_torch.py", import.meta.url));

/** The faults of each download, `{ zip, model }`, when real torch computes with it. */
export async function torchFaults(runs) {
  const pairs = runs.flatMap(({ zip, model }) => [zip, model.json]);
  const { stdout } = await promisify(execFile)(TORCH_PYTHON, [SCRIPT, ...pairs]);
  return JSON.parse(stdout);
}
