/** What Node does in its own way: ../platform.ts is the browsers'. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { ConverterWorker } from "../worker-slot.js";
import { ThreadWorker } from "./thread-worker.js";

export const cores = availableParallelism;

/** Rejects unless they are what `integrity` (as in the attribute) says; "" says nothing. */
export async function bytesAt(url: string, integrity: string): Promise<ArrayBuffer> {
  const bytes = url.startsWith("file:")
    ? new Uint8Array(await readFile(new URL(url))).buffer
    : await fetched(url);
  if (integrity !== "" && !hashes(bytes, integrity)) throw new Error("its hash is another");
  return bytes;
}

async function fetched(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

function hashes(bytes: ArrayBuffer, integrity: string): boolean {
  const [algorithm = ""] = integrity.split("-");
  const hash = createHash(algorithm).update(new Uint8Array(bytes)).digest("base64");
  return integrity === `${algorithm}-${hash}`;
}

export function makeWorker(): ConverterWorker {
  return new ThreadWorker(new URL("node-worker.js", import.meta.url));
}
