import type { MappedLayer, MatchTarget } from "../../match.js";
import { h } from "../dom.js";
import type { MatchMessages } from "./messages.js";

const OWN_FILE = "own";

/** What a person chose of it; stays when the language changes. */
export interface MatchState {
  target: MatchTarget | undefined;
  /** As it was corrected, by layer. */
  mapping: Map<string, string | null>;
}

/** A `Model` is one. */
export interface MatchSources {
  matchTargets(): Promise<string[]>;
  readStateDict(file: File): Promise<MatchTarget>;
}

export interface MatchActions {
  changed(): void;
  failed(error: unknown): void;
}

/** The choice of the PyTorch model that gets the weights. */
export class MatchChoice {
  readonly field: HTMLSelectElement;
  private readonly file: HTMLInputElement;

  constructor(
    private readonly state: MatchState,
    private readonly sources: MatchSources,
    private readonly messages: MatchMessages,
    private readonly actions: MatchActions,
  ) {
    this.field = h(
      "select",
      // It plans by itself: a file has to be chosen and read before.
      { name: "match", onchange: (event: Event) => this.choose(event) },
      h("option", { value: "" }, messages.none),
      h("option", { value: OWN_FILE }, messages.ownFile),
    );
    this.file = h("input", {
      type: "file",
      accept: ".pt,.pth,.bin,.safetensors",
      onchange: () => {
        const [file] = this.file.files ?? [];
        if (file) void this.read(file);
      },
    });
    this.show();
    void this.fill();
  }

  options(): { match?: MatchTarget; mapping?: MappedLayer[] } {
    const { target, mapping } = this.state;
    if (!target) return {};
    const rows = [...mapping].map(([layer, module]) => ({ layer, module }));
    return { match: target, ...(rows.length > 0 ? { mapping: rows } : {}) };
  }

  private async fill(): Promise<void> {
    const names = await this.sources.matchTargets();
    const option = (name: string) => {
      const [library, model] = name.split(":");
      return h("option", { value: name }, `${model} (${library})`);
    };
    for (const library of ["timm", "torchvision"]) {
      const own = names.filter((name) => name.startsWith(`${library}:`));
      this.field.options[0]?.after(h("optgroup", { label: library }, ...own.map(option)));
    }
    this.show();
  }

  private choose(event: Event): void {
    event.stopPropagation();
    const { value } = this.field;
    if (value === OWN_FILE) {
      this.show();
      this.file.value = "";
      this.file.click();
      return;
    }
    this.set(value === "" ? undefined : { name: value });
  }

  /** Takes a file of a state_dict. */
  async read(file: File): Promise<void> {
    try {
      this.set(await this.sources.readStateDict(file));
    } catch (error) {
      this.actions.failed(error);
    }
  }

  private set(target: MatchTarget | undefined): void {
    this.state.target = target;
    this.state.mapping.clear();
    this.show();
    this.actions.changed();
  }

  /** A file that was read stands in the list as long as it is chosen. */
  private show(): void {
    const { target } = this.state;
    this.field.querySelector("option[data-own]")?.remove();
    if (target?.tensors) {
      const own = h("option", { value: target.name, "data-own": true });
      own.textContent = this.messages.own(target.name);
      this.field.append(own);
    }
    this.field.value = target?.name ?? "";
  }
}
