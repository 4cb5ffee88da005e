import type { Inspection, Port } from "../inspection.js";
import { h } from "./dom.js";
import { bytesText, countText, shapeText } from "./format.js";
import type { Messages } from "./messages/messages.js";

/** The model's name and what it is. */
export function summary(
  model: Inspection,
  files: readonly File[],
  messages: Messages,
  again: () => void,
): HTMLElement {
  const { facts } = messages;
  const rows: [string, string][] = [
    [facts.keras, kerasText(model)],
    [facts.file, files.map((file) => `${file.name} (${bytesText(file.size)})`).join(", ")],
    [facts.inputs, portsText(model.inputs)],
    [facts.outputs, portsText(model.outputs)],
    [facts.parameters, parametersText(model, messages)],
  ];
  return h(
    "section",
    { id: "summary" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, model.name),
      h("button", { id: "again", onclick: again }, messages.anotherFile),
    ),
    h(
      "dl",
      { class: "facts" },
      ...rows
        .filter(([, text]) => text !== "")
        .flatMap(([label, text]) => [h("dt", {}, label), h("dd", {}, text)]),
    ),
    isWeightsOnly(model) ? h("p", { class: "warning-text" }, messages.weightsOnly) : undefined,
  );
}

export function isWeightsOnly(model: Inspection): boolean {
  return model.kind === "weights";
}

function parametersText(model: Inspection, messages: Messages): string {
  if (isWeightsOnly(model)) {
    const sizes = model.weights.map(({ shape }) =>
      shape.reduce((size, extent) => size * extent, 1),
    );
    return countText(sizes.reduce((sum, size) => sum + size, 0));
  }
  const trainable = messages.trainable(countText(model.trainableParameters));
  return `${countText(model.parameters)} (${trainable})`;
}

function kerasText(model: Inspection): string {
  return model.kerasVersion === "" ? "" : `Keras ${model.kerasVersion}`;
}

function portsText(ports: readonly Port[]): string {
  return ports.map((port) => `${port.name} ${shapeText(port.shape)} ${port.dtype}`).join(", ");
}
