import type { Shape } from "../inspection.js";

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Decimal units, as file managers show them. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${UNITS[unit]}`;
}

export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

export function shapeText(shape: Shape): string {
  return `(${shape.map((extent) => extent ?? "?").join(", ")})`;
}
