/** What the module is made of: the bytes of each room and of each library, alone and compressed. */

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const CODE = 10;
const IMPORT = 2;
const DATA = 11;

/** As a server that compresses once would send it. */
export async function compressedSize(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  };
  return (await promisify(brotliCompress)(bytes, { params })).length;
}

/** Reads a module's numbers, names and vectors. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at];
      this.at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  /** As many bytes as the number before them says. */
  block() {
    const length = this.number();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function sections(module) {
  const found = new Map();
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const id = reader.number();
    found.set(id, reader.block());
  }
  return found;
}

/** Imported functions come first in the count of functions. */
function importedFunctions(section) {
  const reader = new Reader(section);
  let functions = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.block();
    reader.block();
    const kind = reader.number();
    if (kind !== 0) throw new Error(`the module imports something of kind ${kind}`);
    reader.number();
    functions += 1;
  }
  return functions;
}

/** The bodies of the module's own functions. */
function functionBodies(section) {
  const reader = new Reader(section);
  return Array.from({ length: reader.number() }, () => reader.block());
}

/** The room or library of a function. What a template makes of our types is ours. */
function partOf(name) {
  const room = /tensorferry::(?:(io|tensor|h5|graph|keras|torch|tfjs|tensorflow|cli)::)?/.exec(
    name,
  );
  if (/^(H5|no_)/.test(name)) return "HDF5";
  if (/^(inflate|crc32|adler32|zc|uncompress|updatewindow|make_crc|multmodp|x2nmodp)/.test(name)) {
    return "zlib";
  }
  if (name.includes("nlohmann::")) return "JSON";
  if (room) return room[1] ?? "convert";
  if (/emscripten::|embind/.test(name)) return "Embind";
  if (name.includes("fmt::")) return "{fmt}";
  if (/std::|^_?_?cxa|^operator/.test(name)) return "C++ library";
  return "C library and others";
}

/**
 * @param {string} modulePath the linked module
 * @param {string} symbolsPath what `--emit-symbol-map` wrote: a line for each function, index:name
 * @returns {Promise<{part: string, bytes: number, compressed: number}[]>} largest first
 */
export async function moduleParts(modulePath, symbolsPath) {
  const found = sections(await readFile(modulePath));
  const names = (await readFile(symbolsPath, "utf8"))
    .split("\n")
    .map((line) =>
      line
        .slice(line.indexOf(":") + 1)
        .replace(/\\([0-9a-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16))),
    );
  const imported = importedFunctions(found.get(IMPORT));
  const parts = new Map([["data: texts and tables", [found.get(DATA)]]]);
  functionBodies(found.get(CODE)).forEach((body, index) => {
    const part = partOf(names[imported + index]);
    if (!parts.has(part)) parts.set(part, []);
    parts.get(part).push(body);
  });
  const rows = await Promise.all(
    [...parts].map(async ([part, bodies]) => {
      const bytes = Buffer.concat(bodies);
      return { part, bytes: bytes.length, compressed: await compressedSize(bytes) };
    }),
  );
  return rows.sort((a, b) => b.compressed - a.compressed);
}
