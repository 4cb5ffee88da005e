/** The examples of the documentation, compiled against the package's types; what Node can run is run. */

import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { BUILD, NATIVE, ROOT, SAMPLE, blocks, project, readme, run } from "./support/project.mjs";

const ARCHIVE = join(BUILD, "fixtures", "keras3", "archives", "sequential__small_cnn.keras");
/** What has examples of programs; a configuration without an `import` is none. */
const PAGES = [
  ["README.md"],
  ["web", "README.md"],
  ["web", "src", "index.ts"],
  ["site", "docs", "embed.md"],
  ["site", "docs", "tfjs.md"],
];

/** What the examples take for granted. */
const AROUND = `
/// <reference types="vite/client" />
declare const file: File; // that somebody has chosen
`;

/** Each thing that the package has types for, in a program that has no other types. */
const EVERYTHING = `
export * from "tensorferry";
export * from "tensorferry/element";
export type * from "tensorferry/loader";
import "tensorferry/tensorferry.js";
import "tensorferry/tensorferry.inline.js";
`;

const RESOLUTIONS = {
  Node: { module: "nodenext" },
  bundlers: { module: "esnext", moduleResolution: "bundler" },
};

let folder;

before(async () => {
  folder = await project("examples");
});

/** What tsc says to the programs in a folder. */
async function compile(where, options) {
  const compilerOptions = { noEmit: true, strict: true, target: "es2022", ...options };
  await writeFile(join(where, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  return run(process.execPath, [tsc, "--project", where]);
}

describe("the examples compile", () => {
  let examples;

  before(async () => {
    examples = join(folder, "programs");
    await mkdir(examples);
    await writeFile(join(examples, "around.d.ts"), AROUND);
    for (const page of PAGES) {
      const isProgram = ({ language, code }) =>
        /^(js|ts)$/.test(language) && /^import /m.test(code);
      const code = (await blocks(...page)).filter(isProgram);
      assert.ok(code.length > 0, page.join("/"));
      for (const [index, { code: text }] of code.entries()) {
        await writeFile(join(examples, `${page.join("-")}-${index}.ts`), `${text}export {};\n`);
      }
    }
  });

  for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
    test(`with the resolution of ${name}`, async () => {
      // Those of Vite and TF.js are not ours.
      const options = { ...resolution, types: ["node"], skipLibCheck: true };
      const { status, stdout } = await compile(examples, options);
      assert.equal(status, 0, stdout);
    });
  }

  test("and what is wrong in one would be found", async () => {
    const wrong = join(folder, "wrong");
    await mkdir(wrong);
    const text = (await readme("In the browser", "ts")).replace("layers, parameters", "nothing");
    await writeFile(join(wrong, "example.ts"), text);
    assert.match((await compile(wrong, { module: "nodenext" })).stdout, /TS2339.*nothing/);
  });

  test("the types need no others than the browser's", async () => {
    const alone = join(folder, "alone");
    await mkdir(alone);
    await writeFile(join(alone, "everything.ts"), EVERYTHING);
    const { status, stdout } = await compile(alone, { module: "nodenext", types: [] });
    assert.equal(status, 0, stdout);
  });
});

describe("the examples for Node run", () => {
  before(async () => {
    await copyFile(SAMPLE, join(folder, "model.h5"));
    await copyFile(ARCHIVE, join(folder, "model.keras"));
  });

  test("that of the API", async () => {
    const code = (await blocks("web", "src", "index.ts")).map((block) => block.code);
    const program = code.find((text) => text.includes("node:fs"));
    await writeFile(join(folder, "layers.js"), program);
    const { status, stdout, stderr } = await run(process.execPath, ["layers.js"], { cwd: folder });
    assert.equal(status, 0, stderr);
    const { layers } = JSON.parse((await run(NATIVE, ["inspect", SAMPLE, "--json"])).stdout);
    for (const { name } of layers) assert.ok(stdout.includes(`'${name}'`), stdout);
  });

  test("that of the README", async () => {
    await writeFile(join(folder, "program.js"), await readme("In Node", "js"));
    const { status, stderr } = await run(process.execPath, ["program.js"], { cwd: folder });
    assert.equal(status, 0, stderr);
    const theirs = join(folder, "native");
    await run(NATIVE, ["convert", SAMPLE, "--to", "tfjs", "-o", theirs]);
    const names = (await readdir(theirs)).sort();
    assert.deepEqual((await readdir(join(folder, "out"))).sort(), names);
    for (const name of names.filter((name) => name.endsWith(".bin"))) {
      const bytes = await readFile(join(folder, "out", name));
      assert.deepEqual(bytes, await readFile(join(theirs, name)));
    }
  });

  for (const page of [
    ["web", "README.md"],
    ["site", "docs", "command-line.md"],
  ]) {
    test(`the commands of ${page.join("/")}`, async () => {
      const shell = (await blocks(...page)).filter(({ language }) => language === "sh");
      const lines = shell.flatMap(({ code }) => code.split("\n"));
      const commands = lines.filter((line) => line.startsWith("npx tensorferry "));
      assert.ok(commands.length >= 3);
      for (const command of commands) {
        const [npx, ...args] = command.split(" ");
        const { status, stdout, stderr } = await run(npx, ["--no-install", ...args], {
          cwd: folder,
        });
        assert.equal(status, 0, `${command}: ${stderr}`);
        assert.ok((stdout + stderr).length > 0, command);
      }
    });
  }
});
