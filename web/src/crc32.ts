/** CRC-32 as zip has it, of bytes and of bytes that follow one another. */

const POLYNOMIAL = 0xedb88320;

/** Table k: what a byte does to the CRC when k more bytes follow it. */
const TABLES = [Int32Array.from({ length: 256 }, (_, byte) => shifted(byte))];
for (let k = 1; k < 4; k += 1) TABLES.push((TABLES[k - 1] as Int32Array).map(nextByte));

function shifted(byte: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
}

function nextByte(crc: number): number {
  return (crc >>> 8) ^ (TABLES[0]?.[crc & 255] ?? 0);
}

/** `before` is the CRC of the bytes that precede. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [last, third, second, first] = TABLES as [Int32Array, Int32Array, Int32Array, Int32Array];
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length - (bytes.length % 4);
  let crc = ~before;
  for (let at = 0; at < whole; at += 4) {
    crc ^= words.getInt32(at, true);
    crc =
      (first[crc & 255] as number) ^
      (second[(crc >>> 8) & 255] as number) ^
      (third[(crc >>> 16) & 255] as number) ^
      (last[crc >>> 24] as number);
  }
  for (let at = whole; at < bytes.length; at += 1) {
    crc = (crc >>> 8) ^ (last[(crc ^ (bytes[at] as number)) & 255] as number);
  }
  return ~crc >>> 0;
}

/** The CRC of a ‖ b from those of a and of b, which has `length` bytes. */
export function crc32Combine(first: number, second: number, length: number): number {
  // Appending zeros is linear: a matrix over bits, squared for twice as many.
  let matrix = Array.from({ length: 32 }, (_, bit) => nextByte(1 << bit));
  let crc = first | 0;
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) crc = times(matrix, crc);
    matrix = matrix.map((column) => times(matrix, column));
  }
  return (crc ^ second) >>> 0;
}

function times(matrix: readonly number[], vector: number): number {
  let sum = 0;
  for (let bit = 0, left = vector; left !== 0; bit += 1, left >>>= 1) {
    if (left & 1) sum ^= matrix[bit] as number;
  }
  return sum;
}
