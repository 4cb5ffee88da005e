#!/usr/bin/env node
/** `npx tensorferry …`: the same command as the native one (src/cli), in the module. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Host, nodeHost } from "./host.js";

interface NodeModule {
  runCommand(args: string[], host: Host): number;
}

type CreateModule = (settings: { wasmBinary: Uint8Array }) => Promise<NodeModule>;

const create = createRequire(import.meta.url)("./tensorferry.cjs") as CreateModule;
const wasmBinary = readFileSync(new URL("tensorferry.wasm", import.meta.url));
const module = await create({ wasmBinary });
process.exitCode = module.runCommand(process.argv.slice(2), nodeHost());
