import type { LayerSummary } from "../../inspection.js";

/** A run of neighbouring rows, `first` to `last`, whose names begin alike. */
export interface Block {
  name: string;
  first: number;
  last: number;
}

/** Names are compared by the words that these part. */
const SEPARATOR = /[_/.]/;
const LEAST_LAYERS = 3;
const MOST_WORDS = 4;

/**
 * The blocks of a network that was built of them ("conv2_block1_…", "block_3_…"): of all beginnings
 * of names by a number of words the one of which most layers are in runs that repeat, which is
 * judged by their layers' classes. None where nothing repeats. `rows`: layers of one model, in order.
 */
export function findBlocks(layers: readonly LayerSummary[], rows: readonly number[]): Block[] {
  let best: Block[] = [];
  let most = 0;
  for (let words = 1; words <= MOST_WORDS; words += 1) {
    const runs = runsOf(layers, rows, words);
    const repeated = layersThatRepeat(layers, runs);
    if (repeated > most) [best, most] = [runs, repeated];
  }
  return best;
}

/** Runs of equal length, for a network that is too large to be drawn and has no blocks. */
export function evenBlocks(
  layers: readonly LayerSummary[],
  rows: readonly number[],
  count: number,
): Block[] {
  const length = Math.ceil(rows.length / count);
  const blocks: Block[] = [];
  for (let at = 0; at < rows.length; at += length) {
    const [first, last] = [rows[at], rows[Math.min(at + length, rows.length) - 1]];
    if (first === undefined || last === undefined) break;
    blocks.push({ name: `${layers[first]?.name} … ${layers[last]?.name}`, first, last });
  }
  return blocks;
}

function runsOf(layers: readonly LayerSummary[], rows: readonly number[], words: number): Block[] {
  const runs: Block[] = [];
  let current: Block | undefined;
  for (const row of rows) {
    const parts = (layers[row]?.name ?? "").split(SEPARATOR);
    const name = parts.length > words ? parts.slice(0, words).join("_") : undefined;
    if (current && name === current.name && row === current.last + 1) {
      current.last = row;
      continue;
    }
    current = name === undefined ? undefined : { name, first: row, last: row };
    if (current) runs.push(current);
  }
  return runs.filter(({ first, last }) => last - first + 1 >= LEAST_LAYERS);
}

function layersThatRepeat(layers: readonly LayerSummary[], runs: readonly Block[]): number {
  const alike = new Map<string, Block[]>();
  for (const run of runs) {
    const classes = layers.slice(run.first, run.last + 1).map((layer) => layer.class);
    const key = classes.join(" ");
    alike.set(key, [...(alike.get(key) ?? []), run]);
  }
  return [...alike.values()]
    .filter((group) => group.length > 1)
    .flat()
    .reduce((sum, { first, last }) => sum + last - first + 1, 0);
}
