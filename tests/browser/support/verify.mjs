import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { TORCH_PYTHON } from "./site.mjs";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("./run_verify.py", import.meta.url));

/** The text of verify.py in each zip, and what it prints: `{ source, output }`. */
export async function verified(...zips) {
  const folder = await mkdtemp(join(tmpdir(), "tensorferry-verify-"));
  try {
    const scripts = zips.map((_, i) => join(folder, `${i}`, "verify.py"));
    for (const [i, zip] of zips.entries()) {
      await run("python3", ["-m", "zipfile", "-e", zip, join(folder, `${i}`)]);
    }
    const { stdout } = await run(TORCH_PYTHON, ["-W", "error", SCRIPT, ...scripts]);
    const outputs = JSON.parse(stdout);
    const sources = await Promise.all(scripts.map((script) => readFile(script, "utf8")));
    return sources.map((source, i) => ({ source, output: outputs[i] }));
  } finally {
    await rm(folder, { recursive: true });
  }
}
