import type { Bundle } from "../bundle.js";
import type { Progress } from "../progress.js";
import { h } from "./dom.js";
import { bytesText } from "./format.js";
import type { Messages } from "./messages/messages.js";
import { folderPicker } from "./save.js";

export interface OutputActions {
  downloadZip(): void;
  saveFolder(): void;
  cancel(): void;
}

/** What comes out: its files, the buttons that make them, progress, and the generated source. */
export class OutputView {
  readonly root: HTMLElement;
  private readonly files = h("ul", { class: "files", id: "files", tabindex: "0" });
  private readonly incomplete: HTMLElement;
  private readonly buttons: HTMLElement;
  private readonly working: HTMLElement;
  private readonly bar = h("progress", { max: "1", value: "0" });
  private readonly barText = h("span", { class: "muted", id: "progress" });
  private readonly outcome = h("p", { class: "done", id: "outcome", role: "status" });
  constructor(
    private readonly messages: Messages,
    actions: OutputActions,
  ) {
    this.incomplete = h("p", { class: "warning-text" }, messages.incomplete);
    this.buttons = h(
      "div",
      { class: "actions" },
      h(
        "button",
        { class: "primary", id: "zip", onclick: actions.downloadZip },
        messages.downloadZip,
      ),
      folderPicker()
        ? h("button", { id: "folder", onclick: actions.saveFolder }, messages.saveFolder)
        : undefined,
    );
    this.working = h(
      "div",
      { class: "progress" },
      this.bar,
      h(
        "div",
        { class: "actions" },
        this.barText,
        h("button", { id: "cancel", onclick: actions.cancel }, messages.cancel),
      ),
    );
    this.root = h(
      "div",
      {},
      h("section", {}, h("h3", {}, messages.files), this.files, this.incomplete),
      h("section", {}, this.buttons, this.working, this.outcome),
    );
    this.finish("");
  }

  show(bundle: Bundle): void {
    this.files.replaceChildren(
      ...bundle.files.map((file) =>
        h("li", {}, h("code", {}, file.path), h("span", { class: "muted" }, bytesText(file.bytes))),
      ),
    );
    this.incomplete.hidden = bundle.exitCode === 0;
    this.outcome.textContent = "";
  }

  begin(): void {
    this.buttons.hidden = true;
    this.working.hidden = false;
    this.outcome.textContent = "";
    this.bar.value = 0;
    this.barText.textContent = "";
  }

  progress({ done, total, rate }: Progress): void {
    this.bar.value = total > 0 ? done / total : 1;
    this.barText.textContent = this.messages.progress(
      bytesText(done),
      bytesText(total),
      bytesText(rate),
    );
  }

  finish(outcome: string): void {
    this.buttons.hidden = false;
    this.working.hidden = true;
    this.outcome.textContent = outcome;
  }
}
