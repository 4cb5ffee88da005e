/** Files and the terminal for the command (src/io/host.h), by Node's synchronous functions. */

import * as fs from "node:fs";
import { basename } from "node:path";
import type { Source } from "../worker/module.js";

const COPY_BYTES = 4 << 20;

/** What wasm/node/command.cpp calls; an exception becomes the command's error. */
export interface Host {
  kindOf(path: string): "file" | "folder" | "none";
  list(folder: string): string[];
  open(path: string): Source;
  makeFolder(folder: string): void;
  /** A handle for writing; the file will have `size` bytes. */
  create(path: string, size: number): number;
  writeAt(file: number, offset: number, bytes: Uint8Array): void;
  copyRange(file: number, offset: number, path: string, sourceOffset: number, length: number): void;
  close(file: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  print(text: string): void;
  printError(text: string): void;
  isTerminal(): boolean;
  seconds(): number;
}

export function nodeHost(): Host {
  const sources = new Map<string, Source>();
  const open = (path: string): Source => {
    const known = sources.get(path) ?? fileSource(path);
    sources.set(path, known);
    return known;
  };
  return {
    kindOf,
    list: (folder) => fs.readdirSync(folder).sort(),
    open,
    makeFolder: (folder) => void fs.mkdirSync(folder, { recursive: true }),
    create(path, size) {
      const file = fs.openSync(path, "w");
      fs.ftruncateSync(file, size);
      return file;
    },
    writeAt: writeAll,
    copyRange(file, offset, path, sourceOffset, length) {
      const source = open(path);
      for (let done = 0; done < length; done += COPY_BYTES) {
        const bytes = source.read(sourceOffset + done, Math.min(COPY_BYTES, length - done));
        writeAll(file, offset + done, bytes);
      }
    },
    close: (file) => fs.closeSync(file),
    rename: (from, to) => fs.renameSync(from, to),
    remove: (path) =>
      kindOf(path) === "folder" ? fs.rmdirSync(path) : fs.rmSync(path, { force: true }),
    print: (text) => printTo(process.stdout.fd, text),
    printError: (text) => printTo(process.stderr.fd, text),
    isTerminal: () => process.stderr.isTTY === true,
    seconds: () => performance.now() / 1000,
  };
}

function kindOf(path: string): "file" | "folder" | "none" {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  if (!found) return "none";
  return found.isDirectory() ? "folder" : "file";
}

function fileSource(path: string): Source {
  const file = fs.openSync(path, "r");
  return {
    name: basename(path),
    size: fs.fstatSync(file).size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const count = fs.readSync(file, bytes, done, length - done, offset + done);
        if (count === 0) throw new Error(`${path} ends at byte ${offset + done}`);
        done += count;
      }
      return bytes;
    },
  };
}

function writeAll(file: number, offset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(file, bytes, done, bytes.length - done, offset + done);
  }
}

/** A pipe that is not being emptied says EAGAIN; then it is tried again. */
function printTo(file: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += fs.writeSync(file, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
