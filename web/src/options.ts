import type { MappedLayer, MatchTarget } from "./match.js";

/** What a model can become. */
export type Target = "pytorch" | "tfjs";

/** Floating-point types that PyTorch weights can be cast to. */
export type CastType = "float32" | "float16" | "bfloat16";

/** One of tensorflowjs_converter's `--quantize_…` flags. */
export interface Quantization {
  dtype: "float16" | "uint8" | "uint16";
  /** Over the names of weights; `*` is all of them. */
  glob: string;
}

interface CommonOptions {
  /** Weights-only files: apply the plain permutes by rank. Each is noted. */
  assumeKinds?: boolean;
  /** Puts `sha256` into `files[]` of manifest.json; costs a pass over all bytes. */
  checksums?: boolean;
  /** One stored zip of this name, with true CRCs, in place of the files. */
  zip?: string;
}

export interface PyTorchOptions extends CommonOptions {
  target: "pytorch";
  /** Default: "safetensors". */
  weights?: "safetensors" | "pt";
  /** `.pt` only: no strided tensors; the kernels are transposed. */
  contiguous?: boolean;
  /** Casts floating-point weights. Default: as Keras has them. */
  dtype?: CastType;
  /** Default: from the model's name. */
  className?: string;
  /** Keeps Keras's channels-last layout at inputs and outputs. */
  channelsLastIo?: boolean;
  /** The oldest torch that the source must run on: "1.13" (the default) or newer. From "2.1" on
   * attention is `F.scaled_dot_product_attention`. */
  torchMin?: string;
  /** Adds `probe.safetensors`, a run of the model, and `verify.py`, which repeats it in torch. `true`:
   * a run by the reference evaluator, whose time the plan then takes; or one that was made before. */
  probe?: boolean | ProbeRun;
  /** The loss of training.py, by Keras's name ("mse"). Default: what the file was compiled with. */
  loss?: string;
  /** The optimizer of training.py, by Keras's name ("Adam"), with its defaults. */
  optimizer?: string;
  /** Weights under the keys of a PyTorch model that is there already, and `load.py`, in place of
   * `model.py`. */
  match?: MatchTarget;
  /** Corrections of `Bundle.mapping`. */
  mapping?: MappedLayer[];
}

/** Numbers, row-major. */
export interface ProbeArray {
  shape: number[];
  data: Float64Array<ArrayBuffer>;
}

/** What a layer has computed: its shape, and at most 512 of its numbers. */
export interface ModuleSample extends ProbeArray {
  /** The core's number for it. */
  module: number;
}

/** Inputs that `Reference.inputs` gave, and what `runtime` makes of them, in Keras's layout. */
export interface ProbeRun {
  /** As verify.py names it: "TensorFlow.js 4.22.0"; "" for `Reference`. */
  runtime: string;
  inputs: ProbeArray[];
  outputs: ProbeArray[];
  /** As `Reference.evaluate` gave them: verify.py names the first layer that differs. */
  modules: ModuleSample[];
}

export interface TfJsOptions extends CommonOptions {
  target: "tfjs";
  quantization?: Quantization[];
  /** Default: 4 MiB. */
  shardBytes?: number;
  splitWeightsByLayer?: boolean;
  /** Adds `probe.safetensors`, a run of the model by the reference evaluator, and `verify.mjs`, which
   * repeats it in Node. The plan then takes the time of that run. */
  probe?: boolean;
  /** Goes to `userDefinedMetadata` of model.json. */
  metadata?: Record<string, unknown>;
}

/** What `Model.convert` takes; the module refuses members that it does not know. */
export type ConvertOptions = PyTorchOptions | TfJsOptions;
