import { scriptTrust } from "./trusted-types.js";

let trust: ((url: string) => string) | undefined;

/**
 * A worker from a Blob takes over the page's CSP at that moment (one with a URL takes the headers
 * of its host), so that the lock of the page binds workers made after it.
 */
export function blobWorker(source: string, name: string): Worker {
  trust ??= scriptTrust("tensorferry", (url) => url.startsWith("blob:"));
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(trust(url), { name });
  URL.revokeObjectURL(url);
  return worker;
}
