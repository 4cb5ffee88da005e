/** The package's declarations, as a strict TypeScript program of a user sees them. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const TSC = join(root, "node_modules", "typescript", "bin", "tsc");
const OPTIONS = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"];
const MODULES = ["--module", "nodenext", "--lib", "es2023,dom,dom.iterable"];

const GOOD = `
import { open, TensorferryError, type Bundle } from "tensorferry";
import type { TensorFerryElement } from "tensorferry/element";

export async function convert(file: File, signal: AbortSignal): Promise<Blob | undefined> {
  const model = await open([file], { wasmUrl: "/tensorferry.wasm", workers: 2 });
  const extents: (number | null)[] | undefined = model.inspect().inputs[0]?.shape;
  const bundle: Bundle = await model.convert({ target: "pytorch", weights: "pt", dtype: "float16" });
  await model.convert({ target: "tfjs", quantization: [{ dtype: "uint8", glob: "*" }] });
  const stream: ReadableStream<Uint8Array> | undefined = bundle.files[0]?.stream({ signal });
  void [extents, stream];
  try {
    return (await bundle.blobs({ signal, onProgress: ({ done, total, rate }) => console.log(done / total, rate) }))[0]?.blob;
  } catch (error) {
    if (error instanceof TensorferryError) console.log(error.code, error.notes.length);
    throw error;
  }
}

export const state = (element: TensorFerryElement): string | undefined => element.state;
`;

let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tensorferry-types-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(join(root, "web"), join(folder, "node_modules", "tensorferry"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
});

after(() => rm(folder, { recursive: true }));

async function errors(text) {
  await writeFile(join(folder, "program.ts"), text);
  const compile = promisify(execFile)("node", [TSC, ...OPTIONS, ...MODULES, "program.ts"], {
    cwd: folder,
  });
  return compile.then(
    () => "",
    ({ stdout }) => stdout,
  );
}

test("a program that uses all of the API compiles", async () => {
  assert.equal(await errors(GOOD), "");
});

test("an option of the other target does not", async () => {
  assert.match(await errors(GOOD.replace('weights: "pt"', "shardBytes: 1")), /shardBytes/);
});
