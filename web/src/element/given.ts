/** Files as they come in: dropped, chosen or pasted, folders too. */

import { TensorferryError } from "../errors.js";

export interface Given {
  files: readonly File[];
  /** With the folders above each file, which may tell what belongs together. */
  paths: readonly string[];
}

/** What of a folder may be of a model; a data set may lie beside it. */
const OF_MODELS = /\.(keras|h5|hdf5|hdf|he5|json)$/i;
const MOST_OF_A_FOLDER = 1000;

export function givenFiles(files: Iterable<File>): Given {
  const all = [...files];
  return { files: all, paths: all.map((file) => file.webkitRelativePath || file.name) };
}

/** What a folder picker gives. */
export function folderFiles(files: Iterable<File>): Given {
  const all = [...files];
  const found = all.filter((file) => OF_MODELS.test(file.name));
  const folder = all[0]?.webkitRelativePath.split("/")[0] ?? "";
  return givenFiles(checked(found, folder));
}

/** To be called while the event is handled: what was dropped is gone after it. */
export function droppedFiles(transfer: DataTransfer): Promise<Given> | undefined {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.some((entry) => entry.isDirectory)) return filesOfEntries(entries);
  return transfer.files.length > 0 ? Promise.resolve(givenFiles(transfer.files)) : undefined;
}

/** Files, or the text of an architecture. */
export function pastedFiles(transfer: DataTransfer): Given | undefined {
  if (transfer.files.length > 0) return givenFiles(transfer.files);
  const text = transfer.getData("text/plain").trim();
  return text.startsWith("{") ? givenFiles([new File([text], "pasted.json")]) : undefined;
}

async function filesOfEntries(entries: readonly FileSystemEntry[]): Promise<Given> {
  const given: { file: File; path: string }[] = [];
  for (const entry of entries) {
    const found = entry.isDirectory ? await filesWithin(entry, []) : [entry as FileSystemFileEntry];
    for (const one of entry.isDirectory ? checked(found, entry.name) : found) {
      given.push({ file: await fileOf(one), path: one.fullPath.replace(/^\//, "") });
    }
  }
  return { files: given.map(({ file }) => file), paths: given.map(({ path }) => path) };
}

/** Appends to `found`, which may become a little longer than a folder is read. */
async function filesWithin(
  folder: FileSystemEntry,
  found: FileSystemFileEntry[],
): Promise<FileSystemFileEntry[]> {
  const reader = (folder as FileSystemDirectoryEntry).createReader();
  while (found.length <= MOST_OF_A_FOLDER) {
    const entries = await someEntries(reader);
    if (entries.length === 0) break;
    for (const entry of entries) {
      if (entry.isDirectory) await filesWithin(entry, found);
      else if (OF_MODELS.test(entry.name)) found.push(entry as FileSystemFileEntry);
    }
  }
  return found;
}

function checked<Entry>(found: Entry[], folder: string): Entry[] {
  if (found.length === 0) {
    throw new TensorferryError(
      "no-model",
      `The folder ${folder} holds no file whose name ends in .keras, .h5, .hdf5 or .json.`,
    );
  }
  if (found.length > MOST_OF_A_FOLDER) {
    throw new TensorferryError(
      "several-models",
      `The folder ${folder} holds more than ${MOST_OF_A_FOLDER} files that may be of a model.`,
    );
  }
  return found;
}

/** A part of them at a time (Chromium gives 100); none at the end. */
function someEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(
    unreadable,
  ) as Promise<FileSystemEntry[]>;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise<File>((resolve, reject) => entry.file(resolve, reject)).catch(unreadable);
}

function unreadable(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new TensorferryError("read-failed", `The browser could not read the folder: ${reason}`);
}
