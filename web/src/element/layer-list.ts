import type { Inspection } from "../inspection.js";
import type { Target } from "../options.js";
import { h } from "./dom.js";
import { countText, shapeText } from "./format.js";
import type { Messages } from "./messages/messages.js";
import type { Standing } from "./standing.js";
import { VirtualList } from "./virtual-list.js";

const ROW_HEIGHT = 44;

export interface LayerListActions {
  choose(row: number): void;
  /** What a search has found; nothing where there is none. */
  found(rows: readonly number[]): void;
}

/** All layers, one below the other: what the picture shows, for the keyboard and a reader too. */
export class LayerList {
  readonly root: HTMLElement;
  readonly search: HTMLInputElement;
  private readonly list: VirtualList;
  private rows: number[] = [];
  private chosen: number | undefined;

  constructor(
    private readonly model: Inspection,
    private target: Target,
    private readonly standingOf: (row: number) => Standing,
    private readonly messages: Messages,
    private readonly actions: LayerListActions,
  ) {
    this.list = new VirtualList(ROW_HEIGHT, {
      id: "layers",
      role: "list",
      "aria-label": messages.layers(model.layers.length),
    });
    this.search = h("input", {
      type: "search",
      id: "layers-search",
      placeholder: messages.findLayer,
      "aria-label": messages.findLayer,
      oninput: () => this.apply(),
      onkeydown: (event: KeyboardEvent) => this.next(event),
    });
    this.root = this.list.root;
    this.apply();
  }

  close(): void {
    this.list.close();
  }

  show(target: Target): void {
    this.target = target;
    this.list.render();
  }

  select(row: number): void {
    this.chosen = row;
    const index = this.rows.indexOf(row);
    this.list.render();
    if (index >= 0) this.list.reveal(index);
  }

  private apply(): void {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.rows = [...this.model.layers.keys()].filter((row) => {
      const layer = this.model.layers[row];
      const text = `${layer?.name} ${layer?.class}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    this.list.show(this.rows.length, (index) => this.row(index));
    this.actions.found(words.length > 0 ? this.rows : []);
  }

  /** Enter goes from one that was found to the next. */
  private next(event: KeyboardEvent): void {
    if (event.key !== "Enter" || this.rows.length === 0) return;
    const at = this.chosen === undefined ? -1 : this.rows.indexOf(this.chosen);
    const row = this.rows[(at + 1) % this.rows.length];
    if (row !== undefined) this.actions.choose(row);
  }

  private row(index: number): HTMLElement {
    const row = this.rows[index];
    const layer = row === undefined ? undefined : this.model.layers[row];
    if (row === undefined || !layer) return h("div");
    const shape = layer.outputShape ? shapeText(layer.outputShape) : "";
    const parameters = layer.parameters > 0 ? countText(layer.parameters) : "";
    const frozen = !layer.trainable && layer.parameters > 0 ? this.messages.frozen : "";
    const button = h(
      "button",
      { class: "layer-button", onclick: () => this.actions.choose(row) },
      h("span", { class: "layer-name" }, layer.name),
      h("span", { class: "muted" }, [layer.class, shape].filter(Boolean).join(" ")),
      h("span", { class: "layer-becomes" }, layer[this.target]),
      h("span", { class: "muted layer-numbers" }, [parameters, frozen].filter(Boolean).join(" · ")),
    );
    button.style.paddingLeft = `${10 + 16 * layer.depth}px`;
    const standing = this.standingOf(row);
    return h(
      "div",
      {
        role: "listitem",
        class: `layer ${standing}${row === this.chosen ? " chosen" : ""}`,
        "aria-current": row === this.chosen ? "true" : undefined,
      },
      button,
    );
  }
}
