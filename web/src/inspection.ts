/** What happened to a layer that its user should know. */
export interface Note {
  severity: "info" | "warning" | "refused";
  /** Keras's name of the layer; empty for the whole model. */
  layer: string;
  /** kebab-case and stable. */
  code: string;
  text: string;
}

/** Extents; null is one that is known only when the model runs. */
export type Shape = (number | null)[];

export interface Port {
  name: string;
  dtype: string;
  shape: Shape;
}

export interface LayerSummary {
  name: string;
  class: string;
  /** How deep in nested models: 0 at the top. */
  depth: number;
  outputShape: Shape | null;
  parameters: number;
  trainable: boolean;
  /** What becomes of it there; empty where nothing does. */
  pytorch: string;
  tfjs: string;
  /** Of the model that it is in, as in `LayerLines`; null where that is not converted. */
  model: number | null;
  /** For each call of it the layers whose outputs it takes, as indices of `Inspection.layers`. */
  calls: number[][];
  /** Indices of `Inspection.weights`; those of a nested model are its layers'. */
  weights: number[];
}

export interface WeightSummary {
  name: string;
  shape: number[];
  dtype: string;
  storage: string;
}

/** What the elements of a tensor are like; what is not finite is counted and left out. */
export interface TensorStatistics {
  count: number;
  notFinite: number;
  minimum: number;
  maximum: number;
  mean: number;
  /** Standard deviation. */
  deviation: number;
  /** Counts of equal bins from the minimum to the maximum; none where nothing is finite. */
  histogram: number[];
}

/** What `Model.inspect` tells. No tensor was read for it. */
/** How the model was trained, and the names that `PyTorchOptions.loss` and `.optimizer` take. */
export interface TrainingSummary {
  /** Keras's class for each output; null where the file says none. */
  losses: (string | null)[];
  optimizer: string | null;
  lossChoices: string[];
  optimizerChoices: string[];
}

export interface Inspection {
  name: string;
  container: string;
  kerasVersion: string;
  /** Which Keras's format: 1, 2 or 3. */
  generation: number;
  /** "weights" where the file has no architecture. */
  kind: "Sequential" | "Functional" | "weights";
  parameters: number;
  trainableParameters: number;
  bytes: number;
  inputs: Port[];
  outputs: Port[];
  layers: LayerSummary[];
  weights: WeightSummary[];
  /** null for weights alone. */
  training: TrainingSummary | null;
  notes: Note[];
}
