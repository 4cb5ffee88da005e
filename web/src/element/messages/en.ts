import { checkEn } from "../check/messages.js";
import { matchEn } from "../match/messages.js";
import type { Messages } from "./messages.js";

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

export const en: Messages = {
  dropHere: "Drop a Keras model here",
  dropHint: ".keras, .h5 or .hdf5; or the weights together with the architecture’s .json",
  chooseFiles: "Choose files…",
  chooseFolder: "Choose a folder…",
  trySample: (name) => `Try ${name}`,
  loading: "Getting ready…",
  opening: (name) => `Opening ${name}…`,
  anotherFile: "Another model…",
  modelsOf: (count) => (count === 1 ? "1 model" : `${count} models`),
  leftAside: (names) => `Left aside, as no part of a model: ${names}`,

  facts: {
    keras: "Written by",
    file: "File",
    inputs: "Inputs",
    outputs: "Outputs",
    parameters: "Parameters",
  },
  trainable: (count) => `${count} trainable`,
  weightsOnly:
    "This file holds weights without an architecture. Open it together with the JSON of model.to_json() for a complete conversion.",

  layers: (count) => (count === 1 ? "1 layer" : `${count} layers`),
  frozen: "frozen",

  parts: { network: "Network", code: "Code", weights: "Weights" },
  pictureLabel: (layers) =>
    `Picture of the network, ${layers} layers. Arrow keys go from layer to layer, plus and minus zoom, Enter folds and unfolds. The list below has the same layers.`,
  pictureButtons: {
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Show all",
    foldAll: "Fold blocks and nested models",
    unfoldAll: "Unfold all",
  },
  tooLargeForPicture: "This network is too large for a picture. The list has all its layers.",
  foldedDetail: (layers, parameters) => `${layers} layers · ${parameters} parameters`,
  findLayer: "Find a layer",
  findWeight: "Find a weight",
  constant: "constant",
  reading: (tensor) => `Reading ${tensor}…`,
  statistics: { elements: "Elements", mean: "Mean", range: "Range", notFinite: "Not finite" },
  histogramLabel: (minimum, maximum) => `How its numbers are spread from ${minimum} to ${maximum}`,

  notes: (count) => (count === 1 ? "1 note" : `${count} notes`),
  noNotes: "No notes: everything is carried over exactly.",
  severity: { info: "Note", warning: "Warning", refused: "Refused" },
  wholeModel: "whole model",

  target: "Convert to",
  targets: { pytorch: "PyTorch", tfjs: "TensorFlow.js" },
  options: "Options",
  weightsFile: "Weights file",
  safetensors: "model.safetensors",
  pt: "model.pt",
  contiguous: "Contiguous tensors (kernels are transposed)",
  dtype: "Weights as",
  dtypeAsIs: "as in the file",
  className: "Class name",
  classNameHint: "from the model’s name",
  loss: "Loss in training.py",
  optimizer: "Optimizer in training.py",
  asInFile: (names) => (names === "" ? "the file says none" : `as in the file (${names})`),
  torchMin: "Runs on PyTorch",
  torchMinOldest: "1.13 and newer",
  torchMinFused: "2.1 and newer (fused attention)",
  channelsLastIo: "Keep channels last at inputs and outputs",
  quantization: "Quantize to",
  quantizationNone: "nothing",
  quantizationGlob: "Weights to quantize",
  shardSize: "Shard size in MB",
  splitWeightsByLayer: "One group of weights a layer",
  assumeKinds: "Guess the kind of each weight by its rank",
  match: matchEn,
  checksums: "SHA-256 of the files in manifest.json",

  check: checkEn,

  filesOf: (count, bytes) => `${count} files, ${bytes}`,
  incomplete: "Something was left out: see the notes.",
  downloadZip: "Download as .zip",
  downloadZipOf: (bytes) => `Download as .zip (${bytes})`,
  saveFolder: "Save into a folder…",
  cancel: "Cancel",
  progress: (done, total, rate, seconds) =>
    `${done} of ${total} · ${rate}/s${seconds === undefined ? "" : ` · ${duration(seconds)} left`}`,
  next: "To load it:",
  savedZip: (name) => `${name} is ready and was handed to your downloads.`,
  savedFolder: (name) => `Saved into the folder ${name}.`,
  cancelled: "Cancelled.",
  copy: "Copy",
  copied: "Copied",

  cannotOpen: "This can’t be opened",
  cannotConvert: "This can’t be converted",
  unexpected: (message) => `Something went wrong that should not: ${message}`,
  help: {
    "file-empty": "Download or copy the file again, and check its size.",
    "file-truncated":
      "The end of the file is missing: download or copy it again, and compare the sizes.",
    "not-a-model":
      "Look for the file that Keras saved: .keras, .h5 or .hdf5. Of a SavedModel folder there is none: load it in Keras and save it as .keras.",
    "wrong-format":
      "Only files that Keras saved can be read. If it is a model of another framework, look for its Keras original.",
    "no-model": "Drop the model’s own file, or the weights together with the architecture’s .json.",
    "several-models": "Drop one model at a time.",
    "read-failed":
      "Check that the file is still there and that you may read it; then drop it again.",
    hdf5: "The file is damaged, or HDF5 cannot read how it is stored. Open it in Keras and save it again.",
    "dataset-unsupported":
      "Rewrite the file with the line above, or open it in Keras and save it again.",
    "config-not-json": "The architecture in the file is damaged. Save the model again.",
    "config-invalid":
      "The architecture is not what Keras writes. If a tool has changed the file, use the original.",
    "weight-missing":
      "The weights do not belong to this architecture, or the file was saved before the model was built.",
    "weight-shape":
      "The weights do not belong to this architecture: check that both are of one model.",
    "weight-dtype": "The weights are not what this layer has: check that the file was not changed.",
    "weight-order":
      "Save the model again with today’s Keras, so that its weights can be told apart.",
    "graph-cycle":
      "The architecture is damaged: no Keras writes a layer that needs its own output.",
    "architecture-missing":
      "Open the weights together with the JSON of model.to_json(), or convert to PyTorch, which keeps their names.",
    "layer-unsupported":
      "PyTorch gets all other layers, and a stub in the place of each of these. Or replace these layers in Keras and save the model again.",
    "option-invalid": "Change the option that is named above.",
    "write-failed": "Check that there is room on the disk and that you may write there.",
    internal: "This is our mistake. Please report it, with the sentence above.",
    "module-unavailable": "Check the connection, then load the page again.",
    "worker-failed":
      "The browser ended the work, mostly for want of memory. Close other tabs and try again; saving into a folder needs the least memory.",
    closed: "Open the model again.",
  },
};
