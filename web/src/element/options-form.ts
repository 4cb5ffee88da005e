import type { TrainingSummary } from "../inspection.js";
import type { CastType, ConvertOptions, PyTorchOptions, Quantization, Target } from "../options.js";
import { h } from "./dom.js";
import type { MatchChoice } from "./match/match-choice.js";
import type { Messages } from "./messages/messages.js";

const MEGABYTE = 1 << 20;

type Setting = HTMLInputElement | HTMLSelectElement;

/** The choice of target and its options. */
export class OptionsForm {
  readonly root: HTMLElement;
  private readonly fields: Record<Target | "source", HTMLElement[]>;
  private readonly weights: HTMLSelectElement;
  private readonly contiguous: HTMLInputElement;
  private readonly dtype: HTMLSelectElement;
  private readonly className: HTMLInputElement;
  private readonly torchMin: HTMLSelectElement;
  private readonly loss: HTMLSelectElement;
  private readonly optimizer: HTMLSelectElement;
  private readonly channelsLastIo = checkbox("channels-last-io");
  private readonly quantization: HTMLSelectElement;
  private readonly glob: HTMLInputElement;
  private readonly shardSize: HTMLInputElement;
  private readonly splitByLayer = checkbox("split-by-layer");
  private readonly assumeKinds = checkbox("assume-kinds");
  private readonly checksums = checkbox("checksums");
  private readonly matchRow: HTMLElement;
  private readonly check = h("input", { type: "checkbox", name: "check", checked: true });

  constructor(
    private readonly messages: Messages,
    private readonly weightsOnly: boolean,
    public target: Target,
    private readonly match: MatchChoice,
    training: TrainingSummary | null,
    changed: () => void,
  ) {
    this.contiguous = checkbox("contiguous");
    this.weights = select("weights", [
      ["safetensors", messages.safetensors],
      ["pt", messages.pt],
    ]);
    this.dtype = select("dtype", [
      ["", messages.dtypeAsIs],
      ["float32", "float32"],
      ["float16", "float16"],
      ["bfloat16", "bfloat16"],
    ]);
    this.torchMin = select("torch-min", [
      ["", messages.torchMinOldest],
      ["2.1", messages.torchMinFused],
    ]);
    this.loss = select("loss", [
      ["", messages.asInFile(namesOf(training?.losses ?? []))],
      ...(training?.lossChoices ?? []).map((name): [string, string] => [name, name]),
    ]);
    this.optimizer = select("optimizer", [
      ["", messages.asInFile(training?.optimizer ?? "")],
      ...(training?.optimizerChoices ?? []).map((name): [string, string] => [name, name]),
    ]);
    this.className = h("input", {
      type: "text",
      name: "class-name",
      placeholder: messages.classNameHint,
    });
    this.quantization = select("quantization", [
      ["", messages.quantizationNone],
      ["float16", "float16"],
      ["uint16", "uint16"],
      ["uint8", "uint8"],
    ]);
    this.glob = h("input", { type: "text", name: "quantization-glob", value: "*" });
    this.shardSize = h("input", {
      type: "number",
      name: "shard-size",
      min: "1",
      step: "any",
      value: "4",
    });
    this.matchRow = row(messages.match.label, match.field);
    this.fields = {
      pytorch: this.pytorchFields(),
      source: this.sourceFields(),
      tfjs: this.tfjsFields(),
    };
    this.root = h(
      "section",
      { id: "options", onchange: () => this.refresh(changed) },
      h("h3", {}, messages.target),
      this.targetChoice(),
      h("div", { class: "form" }, this.matchRow),
      h(
        "details",
        { open: weightsOnly },
        h("summary", {}, messages.options),
        h(
          "div",
          { class: "form" },
          ...this.fields.pytorch,
          ...this.fields.source,
          ...this.fields.tfjs,
          weightsOnly ? checkRow(messages.assumeKinds, this.assumeKinds) : undefined,
          checkRow(messages.checksums, this.checksums),
          weightsOnly ? undefined : checkRow(messages.check.option, this.check),
        ),
      ),
    );
    this.showFields();
  }

  options(): ConvertOptions {
    const common = {
      ...(this.weightsOnly && this.assumeKinds.checked ? { assumeKinds: true } : {}),
      ...(this.checksums.checked ? { checksums: true } : {}),
    };
    return this.target === "pytorch"
      ? {
          target: "pytorch",
          weights: this.weights.value as "safetensors" | "pt",
          ...(this.weights.value === "pt" && this.contiguous.checked ? { contiguous: true } : {}),
          ...(this.dtype.value === "" ? {} : { dtype: this.dtype.value as CastType }),
          ...(this.isMatched ? this.match.options() : this.sourceOptions()),
          ...common,
        }
      : {
          target: "tfjs",
          ...(this.quantization.value === "" ? {} : { quantization: [this.quantized()] }),
          shardBytes: Math.max(1, Math.round(Number(this.shardSize.value || 4) * MEGABYTE)),
          ...(this.splitByLayer.checked ? { splitWeightsByLayer: true } : {}),
          ...common,
        };
  }

  private get isMatched(): boolean {
    return !this.weightsOnly && this.match.options().match !== undefined;
  }

  /** For model.py and training.py, which a match has not. */
  private sourceOptions(): Partial<PyTorchOptions> {
    const className = this.className.value.trim();
    return {
      ...(className === "" ? {} : { className }),
      ...(this.torchMin.value === "" ? {} : { torchMin: this.torchMin.value }),
      ...(this.channelsLastIo.checked ? { channelsLastIo: true } : {}),
      ...(this.loss.value === "" ? {} : { loss: this.loss.value }),
      ...(this.optimizer.value === "" ? {} : { optimizer: this.optimizer.value }),
    };
  }

  /** Whether what comes out is to be checked. */
  get wantsCheck(): boolean {
    return !this.weightsOnly && this.check.checked;
  }

  /** As if a person had chosen the target. */
  choose(target: Target): void {
    this.target = target;
    for (const radio of this.root.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
      radio.checked = radio.value === target;
    }
    this.showFields();
  }

  /** Of each field, by its name; what `restore` takes. */
  state(): Map<string, string | boolean> {
    return new Map(this.settings().map((field) => [field.name, valueOf(field)]));
  }

  restore(state: ReadonlyMap<string, string | boolean>): void {
    for (const field of this.settings()) {
      const value = state.get(field.name);
      if (typeof value === "boolean") (field as HTMLInputElement).checked = value;
      else if (value !== undefined) field.value = value;
    }
    this.showFields();
  }

  private settings(): Setting[] {
    const fields = this.root.querySelectorAll<Setting>("details :is(input, select)");
    return [...fields];
  }

  private quantized(): Quantization {
    return {
      dtype: this.quantization.value as Quantization["dtype"],
      glob: this.glob.value || "*",
    };
  }

  private refresh(changed: () => void): void {
    this.showFields();
    changed();
  }

  /** To be called, too, when another model is chosen to match with. */
  showFields(): void {
    for (const field of this.fields.pytorch) field.hidden = this.target !== "pytorch";
    for (const field of this.fields.source) {
      field.hidden = this.target !== "pytorch" || this.isMatched;
    }
    this.matchRow.hidden = this.target !== "pytorch" || this.weightsOnly;
    for (const field of this.fields.tfjs) field.hidden = this.target !== "tfjs";
    this.contiguous.disabled = this.weights.value !== "pt";
    this.glob.disabled = this.quantization.value === "";
  }

  private targetChoice(): HTMLElement {
    const choice = (target: Target) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "target",
          value: target,
          checked: target === this.target,
          onchange: () => (this.target = target),
        }),
        this.messages.targets[target],
      );
    return h(
      "fieldset",
      { class: "targets", "aria-label": this.messages.target },
      choice("pytorch"),
      choice("tfjs"),
    );
  }

  private pytorchFields(): HTMLElement[] {
    const { messages } = this;
    return [
      row(messages.weightsFile, this.weights),
      row(messages.dtype, this.dtype),
      checkRow(messages.contiguous, this.contiguous),
    ];
  }

  /** Of model.py and training.py. */
  private sourceFields(): HTMLElement[] {
    const { messages } = this;
    return [
      row(messages.className, this.className),
      row(messages.torchMin, this.torchMin),
      ...(this.weightsOnly
        ? []
        : [row(messages.loss, this.loss), row(messages.optimizer, this.optimizer)]),
      checkRow(messages.channelsLastIo, this.channelsLastIo),
    ];
  }

  private tfjsFields(): HTMLElement[] {
    const { messages } = this;
    return [
      row(messages.quantization, this.quantization),
      row(messages.quantizationGlob, this.glob),
      row(messages.shardSize, this.shardSize),
      checkRow(messages.splitWeightsByLayer, this.splitByLayer),
    ];
  }
}

function namesOf(losses: readonly (string | null)[]): string {
  return [...new Set(losses.filter((name) => name !== null))].join(", ");
}

function valueOf(field: Setting): string | boolean {
  return field instanceof HTMLInputElement && field.type === "checkbox"
    ? field.checked
    : field.value;
}

function checkbox(name: string): HTMLInputElement {
  return h("input", { type: "checkbox", name });
}

function select(name: string, choices: [value: string, text: string][]): HTMLSelectElement {
  return h("select", { name }, ...choices.map(([value, text]) => h("option", { value }, text)));
}

function row(text: string, field: HTMLElement): HTMLElement {
  return h("label", {}, text, field);
}

function checkRow(text: string, field: HTMLElement): HTMLElement {
  return h("label", { class: "check" }, field, h("span", {}, text));
}
