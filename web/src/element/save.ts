import type { Folder } from "../bundle.js";

/** How long a download may take to begin before its Blob's address is given back. */
const BEGIN_MILLISECONDS = 60_000;

/** Hands a Blob to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), BEGIN_MILLISECONDS);
}

type DirectoryPicker = (options: { id: string; mode: "readwrite" }) => Promise<Folder>;

/** Lets the person choose a folder; undefined where the browser can't. */
export function folderPicker(): (() => Promise<Folder>) | undefined {
  const pick = (globalThis as { showDirectoryPicker?: DirectoryPicker }).showDirectoryPicker;
  return pick && (() => pick({ id: "tensorferry", mode: "readwrite" }));
}
