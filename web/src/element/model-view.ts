import type { Bundle } from "../bundle.js";
import type { Target } from "../options.js";
import type { Model } from "../model.js";
import { CodePart } from "./code/code-part.js";
import { h } from "./dom.js";
import { LayerList } from "./layer-list.js";
import type { Messages } from "./messages/messages.js";
import { NetworkPicture } from "./network/picture.js";
import { type Standing, standings } from "./standing.js";
import { WeightsPart } from "./weights/weights-part.js";

type Part = "network" | "code" | "weights";

/**
 * The network, the code and the weights of a model beside each other (one at a time where there is
 * no room): a layer that is chosen in one of them is shown in all.
 */
export class ModelView {
  readonly root: HTMLElement;
  /** Is told of each layer that is chosen, by its name. */
  onChoose: (layer: string) => void = () => {};
  private readonly picture: NetworkPicture | undefined;
  private readonly list: LayerList;
  private readonly code: CodePart;
  private readonly weights: WeightsPart;
  private readonly tabs: HTMLElement;
  private standing: Standing[];

  constructor(
    private readonly model: Model,
    target: Target,
    private readonly messages: Messages,
  ) {
    const inspection = model.inspect();
    const choose = (row: number) => this.choose(row);
    this.standing = standings(inspection, inspection.notes);
    const standingOf = (row: number) => this.standing[row] ?? "exact";
    const hasLayers = inspection.layers.length > 0;
    this.picture = hasLayers
      ? new NetworkPicture(inspection, standingOf, messages, { choose })
      : undefined;
    this.list = new LayerList(inspection, target, standingOf, messages, {
      choose,
      found: (rows) => this.picture?.mark(rows),
    });
    this.code = new CodePart(inspection, messages, { choose });
    this.weights = new WeightsPart(model, messages, { choose });
    this.tabs = h(
      "div",
      { class: "part-tabs", role: "tablist" },
      ...(["network", "code", "weights"] as const).map((part) =>
        h(
          "button",
          { class: "tab", role: "tab", "data-part": part, onclick: () => this.open(part) },
          messages.parts[part],
        ),
      ),
    );
    this.root = h(
      "section",
      { id: "view", class: "view" },
      this.tabs,
      h(
        "div",
        { class: "parts" },
        this.part("network", this.list.search, this.picture?.root, this.list.root),
        this.part("code", this.code.root),
        this.part("weights", this.weights.root),
      ),
    );
    this.open("network");
    void this.picture?.refresh();
  }

  /** What is painted and not styled takes the colors that hold now. */
  repaint(): void {
    this.picture?.draw();
  }

  close(): void {
    this.picture?.close();
    this.list.close();
    this.code.close();
    this.weights.close();
  }

  /** Shows what a plan makes of the model. */
  show(bundle: Bundle, target: Target): void {
    this.standing = standings(this.model.inspect(), bundle.notes);
    this.list.show(target);
    this.code.show(bundle);
    this.weights.show(bundle);
    this.picture?.restate();
  }

  choose(row: number): void {
    this.picture?.select(row);
    this.list.select(row);
    this.code.select(row);
    this.weights.select(row);
    this.onChoose(this.model.inspect().layers[row]?.name ?? "");
  }

  /** The first layer of that name. */
  chooseNamed(layer: string): void {
    const row = this.model.inspect().layers.findIndex(({ name }) => name === layer);
    if (row >= 0) this.choose(row);
  }

  /** Where there is room for one part only. */
  private open(part: Part): void {
    this.root.dataset["part"] = part;
    for (const tab of this.tabs.children) {
      tab.setAttribute("aria-selected", String((tab as HTMLElement).dataset["part"] === part));
    }
  }

  private part(name: Part, ...content: (HTMLElement | undefined)[]): HTMLElement {
    return h(
      "div",
      { class: `part part-${name}`, role: "region", "aria-label": this.messages.parts[name] },
      h("h3", { class: "part-title" }, this.messages.parts[name]),
      ...content,
    );
  }
}
