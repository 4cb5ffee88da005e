import type { Bundle } from "../../bundle.js";
import type { Inspection } from "../../inspection.js";

/** A weight of the output, as `manifest.json` says. */
export interface WeightRow {
  /** Keras's names; none of a constant. */
  sources: string[];
  key: string;
  shape: number[];
  dtype: string;
  transform: string;
  /** Indices of `Inspection.weights`. */
  tensors: number[];
  /** The layers that have it, as indices of `Inspection.layers`. */
  layers: number[];
}

/** The weights of a bundle, each with where it comes from. */
export function weightRows(bundle: Bundle, model: Inspection): WeightRow[] {
  const manifest = JSON.parse(bundle.manifest) as { weights: Omit<WeightRow, "tensors">[] };
  const byName = new Map<string, number>();
  for (const [index, { name }] of model.weights.entries()) {
    if (!byName.has(name)) byName.set(name, index);
  }
  const layersOf = new Map<number, number[]>();
  for (const [row, { weights }] of model.layers.entries()) {
    for (const index of weights) layersOf.set(index, [...(layersOf.get(index) ?? []), row]);
  }
  return manifest.weights.map((weight) => {
    const tensors = weight.sources.map((name) => byName.get(name)).filter((it) => it !== undefined);
    return { ...weight, tensors, layers: tensors.flatMap((index) => layersOf.get(index) ?? []) };
  });
}
