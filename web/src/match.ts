/** The weights of a Keras model for a PyTorch model that is there already. */

/** A PyTorch model: by a name of `Runtime.matchTargets`, or what `Runtime.readStateDict` gives. */
export interface MatchTarget {
  /** "torchvision:resnet50", or a file's name. */
  name: string;
  /** Names and shapes of a file's tensors. */
  tensors?: { key: string; shape: number[] }[];
}

/** Where a layer's weights go; `null`: nowhere. */
export interface MappedLayer {
  /** As `MappingRow.layer` names it. */
  layer: string;
  module: string | null;
}

/** A row of mapping.json: a layer and its module, or one of both that has found no other. */
export interface MappingRow {
  layer: string | null;
  module: string | null;
  /** Of the weight, or of the first of several. */
  shape: number[];
  /** 0 to 1; what is below `CERTAIN` is to be looked at. */
  certainty: number;
  /** English. */
  reason: string;
  /** What the Keras model gives the layer, by the modules' names: "relu(bn1)". */
  given?: string | null;
}

/** From here on a pair need not be looked at. */
export const CERTAIN = 0.9;
