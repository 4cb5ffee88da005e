import type { Bundle } from "../../bundle.js";
import type { Inspection } from "../../inspection.js";
import type { Model } from "../../model.js";
import { h } from "../dom.js";
import { shapeText } from "../format.js";
import type { Messages } from "../messages/messages.js";
import { VirtualList } from "../virtual-list.js";
import { statisticsView } from "./histogram.js";
import { type WeightRow, weightRows } from "./rows.js";

const ROW_HEIGHT = 58;

export interface WeightsActions {
  /** A weight of this layer was chosen. */
  choose(row: number): void;
}

/** From where to where each weight goes; the numbers of one are looked at on demand. */
export class WeightsPart {
  readonly root: HTMLElement;
  private readonly list: VirtualList;
  private readonly filter: HTMLInputElement;
  private readonly detail = h("div", { class: "weight-detail", role: "status" });
  private readonly inspection: Inspection;
  private all: WeightRow[] = [];
  private shown: WeightRow[] = [];
  private chosenLayer: number | undefined;
  private chosen: WeightRow | undefined;
  private turn = 0;

  constructor(
    private readonly model: Model,
    private readonly messages: Messages,
    private readonly actions: WeightsActions,
  ) {
    this.inspection = model.inspect();
    this.list = new VirtualList(ROW_HEIGHT, {
      id: "weights-list",
      role: "list",
      "aria-label": messages.parts.weights,
    });
    this.filter = h("input", {
      type: "search",
      id: "weights-filter",
      placeholder: messages.findWeight,
      "aria-label": messages.findWeight,
      oninput: () => this.apply(),
    });
    this.root = h("div", { class: "weights-part" }, this.filter, this.list.root, this.detail);
  }

  close(): void {
    this.list.close();
  }

  show(bundle: Bundle): void {
    this.all = weightRows(bundle, this.inspection);
    this.apply();
  }

  select(row: number | undefined): void {
    this.chosenLayer = row;
    const first = row === undefined ? -1 : this.shown.findIndex((it) => it.layers.includes(row));
    this.list.render();
    if (first >= 0) this.list.reveal(first);
  }

  private apply(): void {
    const words = this.filter.value.toLowerCase().split(/\s+/);
    this.shown = this.all.filter(({ sources, key }) => {
      const text = `${sources.join(" ")} ${key}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.list.show(this.shown.length, (index) => this.row(index));
  }

  private row(index: number): HTMLElement {
    const weight = this.shown[index];
    if (!weight) return h("div");
    const isOfChosen = this.chosenLayer !== undefined && weight.layers.includes(this.chosenLayer);
    const source = weight.tensors.map((it) => this.inspection.weights[it]?.shape).at(0);
    const shapes = source ? `${shapeText(source)} → ` : "";
    return h(
      "div",
      { role: "listitem", class: `weight${isOfChosen ? " chosen" : ""}` },
      h(
        "button",
        { class: "weight-button", onclick: () => this.open(weight) },
        h(
          "span",
          { class: "weight-names" },
          h(
            "span",
            { class: "weight-source" },
            weight.sources.join(" + ") || this.messages.constant,
          ),
          h("span", { class: "muted" }, " → "),
          h("b", {}, weight.key),
        ),
        h(
          "span",
          { class: "weight-facts muted" },
          `${shapes}${shapeText(weight.shape)} · ${weight.dtype} · ${weight.transform}`,
        ),
      ),
    );
  }

  private open(weight: WeightRow): void {
    this.chosen = weight;
    const layer = weight.layers[0];
    if (layer !== undefined) this.actions.choose(layer);
    void this.look(weight);
  }

  private async look(weight: WeightRow): Promise<void> {
    const turn = ++this.turn;
    const [tensor] = weight.tensors;
    if (tensor === undefined) return this.detail.replaceChildren();
    const name = this.inspection.weights[tensor]?.name ?? "";
    this.detail.replaceChildren(h("p", { class: "muted" }, this.messages.reading(name)));
    try {
      const statistics = await this.model.statistics(tensor);
      if (turn !== this.turn || this.chosen !== weight) return;
      this.detail.replaceChildren(statisticsView(name, statistics, this.messages));
    } catch (error) {
      if (turn !== this.turn) return;
      const text = error instanceof Error ? error.message : String(error);
      this.detail.replaceChildren(h("p", { class: "warning-text" }, text));
    }
  }
}
