/** What a browser does in its own way; node/platform.ts is Node's, and build.mjs takes one of them. */

import workerSource from "worker-source";
import { blobWorker } from "./blob-worker.js";
import type { ConverterWorker } from "./worker-slot.js";

export function cores(): number {
  return navigator.hardwareConcurrency || 2;
}

/** Rejects unless they are what `integrity` (as in the attribute) says; "" says nothing. */
export async function bytesAt(url: string, integrity: string): Promise<ArrayBuffer> {
  const response = await fetch(url, { integrity });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

export function makeWorker(): ConverterWorker {
  return blobWorker(workerSource, "tensorferry");
}
