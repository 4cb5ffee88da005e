import type { Inspection, LayerSummary, Note, WeightSummary } from "../inspection.js";
import type { Target } from "../options.js";
import { h } from "./dom.js";
import { countText, shapeText } from "./format.js";
import type { Messages } from "./messages/messages.js";

/** The table of layers; of weights where a file has no layers. */
export function contents(model: Inspection, target: Target, messages: Messages): HTMLElement {
  if (model.layers.length === 0) return weightTable(model.weights, messages);
  const { columns } = messages;
  return tableSection(
    "layers",
    messages.layers(model.layers.length),
    [columns.name, columns.kind, columns.shape, columns.parameters, columns.becomes],
    model.layers.map((layer) => layerRow(layer, target, messages)),
  );
}

function layerRow(layer: LayerSummary, target: Target, messages: Messages): HTMLElement {
  const frozen = !layer.trainable && layer.parameters > 0;
  return h(
    "tr",
    {},
    h(
      "td",
      {
        class: "name",
        style: layer.depth > 0 ? `padding-left: ${0.8 + layer.depth}rem` : undefined,
      },
      layer.name,
      frozen ? h("span", { class: "tag" }, messages.frozen) : undefined,
    ),
    h("td", {}, layer.class),
    h("td", { class: "shape" }, layer.outputShape ? shapeText(layer.outputShape) : undefined),
    h("td", { class: "number" }, countText(layer.parameters)),
    h("td", { class: "becomes" }, layer[target]),
  );
}

function weightTable(weights: readonly WeightSummary[], messages: Messages): HTMLElement {
  const { columns } = messages;
  const rows = weights.map((weight) =>
    h(
      "tr",
      {},
      h("td", { class: "name" }, weight.name),
      h("td", { class: "shape" }, shapeText(weight.shape)),
      h("td", {}, weight.dtype),
    ),
  );
  return tableSection(
    "layers",
    messages.weights(weights.length),
    [columns.name, columns.shape, columns.dtype],
    rows,
  );
}

function tableSection(
  id: string,
  title: string,
  heads: string[],
  rows: HTMLElement[],
): HTMLElement {
  const numbers = heads.length === 5 ? 3 : -1;
  return h(
    "section",
    { id },
    h("h3", {}, title),
    h(
      "div",
      { class: "scroll", tabindex: "0" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...heads.map((text, i) =>
              h("th", { class: i === numbers ? "number" : undefined }, text),
            ),
          ),
        ),
        h("tbody", {}, ...rows),
      ),
    ),
  );
}

const ORDER: Record<Note["severity"], number> = { refused: 0, warning: 1, info: 2 };

/** Notes, the gravest first. */
export function noteList(notes: readonly Note[], messages: Messages): HTMLElement {
  const sorted = [...notes].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  return h(
    "section",
    { id: "notes" },
    h("h3", {}, messages.notes(notes.length)),
    notes.length === 0
      ? h("p", { class: "muted" }, messages.noNotes)
      : h(
          "ul",
          { class: "notes", tabindex: "0" },
          ...sorted.map((note) => noteRow(note, messages)),
        ),
  );
}

function noteRow(note: Note, messages: Messages): HTMLElement {
  return h(
    "li",
    { class: note.severity },
    h("b", {}, `${messages.severity[note.severity]} · ${note.layer || messages.wholeModel}`),
    note.text,
    h("code", {}, note.code),
  );
}
