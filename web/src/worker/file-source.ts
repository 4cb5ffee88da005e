import type { Source } from "./module.js";

/** Of workers only, so not among the page's types. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** A dropped file, read range by range. `alive` is told of each read (a sign of life). */
export function fileSource(file: File, alive: (bytes: number) => void): Source {
  const reader = new FileReaderSync();
  return {
    name: file.name,
    size: file.size,
    read(offset, length) {
      const bytes = new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length)));
      alive(bytes.length);
      return bytes;
    },
  };
}
