/** CRC-32s, as zip has them, of bytes that follow one another. */

const POLYNOMIAL = 0xedb88320;

/** The CRC of a ‖ b from those of a and of b, which has `length` bytes. */
export function crc32Combine(first: number, second: number, length: number): number {
  // Appending zeros is linear: a matrix over bits, squared for twice as many.
  let matrix = Array.from({ length: 32 }, (_, bit) => afterZero(1 << bit));
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

/** What a CRC becomes when a byte of zeros follows. */
function afterZero(crc: number): number {
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
}
