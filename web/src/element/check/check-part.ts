import type { Bundle } from "../../bundle.js";
import type { Check, CheckOptions, CheckStep, Compared, Probed } from "../../check/check.js";
import type { LayerDifference } from "../../check/messages.js";
import type { ConvertOptions, PyTorchOptions } from "../../options.js";
import { h } from "../dom.js";
import type { Messages } from "../messages/messages.js";
import type { CheckMessages } from "./messages.js";

type Wanted =
  { target: "pytorch"; dtype: string } | { target: "tfjs"; bundle: Bundle; isQuantized: boolean };

type State =
  "none" | "running" | "stopped" | "large" | "unavailable" | "run" | "ok" | "inaccurate" | "failed";

/** The check of what the options make, as the person sees it. */
export class CheckPart {
  readonly root: HTMLElement;
  private readonly texts: CheckMessages;
  private readonly status = h("p", { role: "status" });
  private readonly again = h("p", { class: "muted" });
  private readonly start: HTMLElement;
  private readonly byLayer: HTMLElement;
  private readonly table = h("div", { class: "check-layers" });
  private running: AbortController | undefined;
  private work: Promise<void> = Promise.resolve();
  private wanted: Wanted | undefined;

  /** `made`: a run was made that belongs into the download. */
  constructor(
    private readonly check: Check,
    messages: Messages,
    private readonly made: () => void,
  ) {
    this.texts = messages.check;
    this.start = h(
      "button",
      { id: "check-start", onclick: () => this.begin(true, false) },
      this.texts.start,
    );
    this.byLayer = h(
      "button",
      { id: "check-layers", onclick: () => this.begin(true, true) },
      this.texts.byLayer,
    );
    this.root = h(
      "section",
      { id: "check", class: "check" },
      h("div", { class: "head" }, h("h3", {}, this.texts.title), this.start, this.byLayer),
      this.status,
      this.again,
      this.table,
    );
    this.say("none", "");
  }

  /** The options with the run that was made for them. */
  with(options: ConvertOptions): ConvertOptions {
    if (options.target !== "pytorch") return options;
    const made = this.check.known(dtypeOf(options));
    return made ? { ...options, probe: made.run } : options;
  }

  /** What the options give now; undefined where no check is wanted. */
  follow(bundle: Bundle | undefined, options: ConvertOptions): void {
    this.stop();
    this.wanted = bundle && isChecked(bundle, options) ? wantedOf(bundle, options) : undefined;
    if (this.wanted) this.begin(false, false);
    else this.say("none", "");
  }

  /** When what is under way has ended, where it changes the download. */
  async settled(): Promise<void> {
    if (this.wanted?.target === "pytorch") await this.work;
  }

  /** The person does not want to wait for it. */
  cancel(): void {
    if (this.root.dataset["state"] !== "running") return;
    this.stop();
    this.say("stopped", this.texts.stopped);
  }

  stop(): void {
    this.running?.abort(new DOMException("The check was stopped.", "AbortError"));
    this.running = undefined;
  }

  private begin(asked: boolean, layers: boolean): void {
    const { wanted } = this;
    if (!wanted) return;
    this.stop();
    this.sayRunning("reference");
    const running = new AbortController();
    this.running = running;
    const options: CheckOptions = {
      asked,
      signal: running.signal,
      onStep: (step) => this.sayRunning(step),
    };
    this.work = this.run(wanted, layers, options).catch((error: unknown) => {
      if (running.signal.aborted) return;
      this.say("unavailable", this.texts.unavailable(String(error)));
    });
  }

  private async run(wanted: Wanted, layers: boolean, options: CheckOptions): Promise<void> {
    if (wanted.target === "pytorch") {
      const known = this.check.known(wanted.dtype);
      if (known) return this.showProbed(known);
      const probed = await this.check.probe(wanted.dtype, options);
      if (options.signal.aborted) return;
      this.showProbed(probed);
      if (probed.kind === "run") this.made();
      return;
    }
    if (!this.check.hasTfjs) return this.say("unavailable", this.texts.needsTfjs);
    const compared = await this.check.compare(wanted.bundle, layers, options);
    if (options.signal.aborted) return;
    this.showCompared(compared, wanted.isQuantized, layers);
  }

  private showProbed(probed: Probed): void {
    switch (probed.kind) {
      case "large":
        return this.say("large", this.texts.large);
      case "unavailable":
        return this.say("unavailable", this.texts.unavailable(probed.reason));
      case "run": {
        const { apart, run, withoutTfjs } = probed;
        const isApart = apart !== undefined && apart.status !== "ok";
        this.say(isApart ? apart.status : "run", this.texts.inDownload(run.runtime));
        if (withoutTfjs !== "") this.again.textContent = this.texts.withoutTfjs(withoutTfjs);
        if (isApart) {
          this.again.textContent = this.texts.apart(
            inSentence(apart.absolute),
            inSentence(apart.relative),
          );
        }
      }
    }
  }

  private showCompared(compared: Compared, isQuantized: boolean, layers: boolean): void {
    const { texts } = this;
    switch (compared.kind) {
      case "large":
        return this.say("large", texts.large);
      case "unavailable":
        return this.say("unavailable", texts.unavailable(compared.reason));
      case "failed":
        return this.say("failed", texts.notRun(compared.reason));
      case "compared": {
        const { whole, version } = compared;
        this.say(whole.status, texts.outcome(whole.status, version));
        this.again.textContent = [
          texts.difference(inSentence(whole.absolute), inSentence(whole.relative)),
          isQuantized ? texts.quantized : "",
        ].join(" ");
        this.byLayer.hidden = false;
        if (layers) this.showLayers(compared.layers);
      }
    }
  }

  private showLayers(rows: readonly LayerDifference[]): void {
    const { texts } = this;
    const wrong = rows.find(({ status }) => status !== "ok");
    const { layer, status, absolute, relative } = texts.columns;
    const heads = [layer, status, absolute, relative];
    this.byLayer.hidden = true;
    this.table.replaceChildren(
      h("p", {}, wrong ? texts.firstWrong(wrong.layer) : texts.noneWrong),
      h(
        "div",
        { class: "table", tabindex: "0", role: "region", "aria-label": texts.title },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
          h(
            "tbody",
            {},
            ...rows.map((row) =>
              h(
                "tr",
                { "data-status": row.status },
                h("th", { scope: "row" }, row.layer),
                h("td", {}, texts.status[row.status]),
                h("td", {}, numberText(row.absolute)),
                h("td", {}, numberText(row.relative)),
              ),
            ),
          ),
        ),
      ),
    );
  }

  private sayRunning(step: CheckStep): void {
    this.say("running", this.texts.running[step]);
  }

  private say(state: State, sentence: string): void {
    this.root.dataset["state"] = state;
    this.root.hidden = state === "none";
    this.status.textContent = sentence;
    this.again.textContent = "";
    this.start.hidden = state !== "large" && state !== "stopped";
    this.byLayer.hidden = true;
    this.table.replaceChildren();
  }
}

/** Of a match only where its model computes all that Keras's does: else there is no verify.py. */
function isChecked(bundle: Bundle, options: ConvertOptions): boolean {
  if (options.target !== "pytorch" || options.match === undefined) return true;
  return bundle.exitCode === 0 && !bundle.notes.some(({ code }) => code === "match-head-removed");
}

function wantedOf(bundle: Bundle, options: ConvertOptions): Wanted {
  return options.target === "pytorch"
    ? { target: "pytorch", dtype: dtypeOf(options) }
    : { target: "tfjs", bundle, isQuantized: (options.quantization ?? []).length > 0 };
}

function dtypeOf({ dtype }: PyTorchOptions): string {
  return dtype ?? "";
}

/** Not broken at its minus. */
function inSentence(value: number): string {
  return numberText(value).replace("-", "\u2011");
}

function numberText(value: number): string {
  return Number.isNaN(value) ? "–" : value === 0 ? "0" : value.toExponential(1);
}
