/**
 * What the program of a worker (../worker/worker.ts) finds in a browser's worker and not in a thread
 * of Node; build.mjs puts it in.
 */

import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";

export const createTensorferry: unknown = createRequire(import.meta.url)("./tensorferry.cjs");

export function postMessage(message: unknown): void {
  parentPort?.postMessage(message);
}

export function addEventListener(_: "message", listener: (event: { data: unknown }) => void): void {
  parentPort?.on("message", (data) => listener({ data }));
}
