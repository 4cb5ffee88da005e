/** When two results are one: the rules of verify.py. */

import type { ProbeArray } from "../options.js";

/** `failed`: no result, one of another shape, or numbers that are not finite. */
export type CheckStatus = "ok" | "inaccurate" | "failed";

export interface Difference {
  status: CheckStatus;
  /** The largest; NaN where there is none. */
  absolute: number;
  /** Of the largest expected number. */
  relative: number;
}

/** How roundings of float32 add up. */
export interface Rounding {
  /** Of the largest number. */
  share: number;
  /** Over very many layers: by what two samples differ in, too. */
  deep: boolean;
}

const LAYERS_OF_ONE = 10;
const LAYERS_OF_DEEP_NETS = 30;
const LEAST = 1e-6;
const SHARE_OF_SPREAD = 1e-3;

export function roundingOf(weightedLayers: number): Rounding {
  return {
    share: weightedLayers > LAYERS_OF_ONE ? 5e-5 : 1e-5,
    deep: weightedLayers > LAYERS_OF_DEEP_NETS,
  };
}

export const NO_RESULT: Difference = { status: "failed", absolute: NaN, relative: NaN };

export function sameShape(a: ProbeArray, b: ProbeArray): boolean {
  return a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]);
}

export function difference(
  expected: ProbeArray,
  found: ProbeArray | undefined,
  rounding: Rounding,
): Difference {
  if (!found || !sameShape(expected, found) || !isFinite(found)) return NO_RESULT;
  let [absolute, largest] = [0, 0];
  for (const [i, value] of expected.data.entries()) {
    absolute = Math.max(absolute, Math.abs(value - (found.data[i] ?? NaN)));
    largest = Math.max(largest, Math.abs(value));
  }
  const spread = rounding.deep ? SHARE_OF_SPREAD * spreadOf(expected) : 0;
  const allowed = Math.max(rounding.share * largest + LEAST, spread);
  return {
    status: absolute <= allowed ? "ok" : "inaccurate",
    absolute,
    relative: largest > 0 ? absolute / largest : 0,
  };
}

const GRAVITY: Record<CheckStatus, number> = { ok: 0, inaccurate: 1, failed: 2 };

/** The gravest, and of one gravity the largest by its share. */
export function worst(differences: readonly Difference[]): Difference {
  return differences.reduce((most, one) => {
    const graver = GRAVITY[one.status] - GRAVITY[most.status];
    return graver > 0 || (graver === 0 && one.relative > most.relative) ? one : most;
  });
}

export function isFinite({ data }: ProbeArray): boolean {
  return data.every((value) => Number.isFinite(value));
}

/** What the first and the last sample differ in. */
function spreadOf({ shape, data }: ProbeArray): number {
  const samples = shape[0] ?? 1;
  if (samples < 2) return 0;
  const size = data.length / samples;
  const last = data.length - size;
  let spread = 0;
  for (let i = 0; i < size; i += 1) {
    spread = Math.max(spread, Math.abs((data[last + i] ?? 0) - (data[i] ?? 0)));
  }
  return spread;
}
