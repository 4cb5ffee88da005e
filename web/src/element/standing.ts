import type { Inspection, Note } from "../inspection.js";

/** The gravest that is said of a layer; "exact" where nothing is. */
export type Standing = "exact" | "info" | "warning" | "refused";

const GRAVITY: Record<Standing, number> = { exact: 0, info: 1, warning: 2, refused: 3 };

/** By row. A layer's name may stand in several models; a note is then of each. */
export function standings(model: Inspection, notes: readonly Note[]): Standing[] {
  const byName = new Map<string, Standing>();
  for (const { layer, severity } of notes) {
    const known = byName.get(layer) ?? "exact";
    if (GRAVITY[severity] > GRAVITY[known]) byName.set(layer, severity);
  }
  return model.layers.map(({ name }) => byName.get(name) ?? "exact");
}
