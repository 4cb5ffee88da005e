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

/** What comes out: the buttons that make it, its files, progress, and what to do with it then. */
export class OutputView {
  readonly root: HTMLElement;
  private readonly files = h("ul", { class: "files", id: "files" });
  private readonly filesTitle = h("summary");
  private readonly zip: HTMLElement;
  private readonly incomplete: HTMLElement;
  private readonly buttons: HTMLElement;
  private readonly working: HTMLElement;
  private readonly bar = h("progress", { max: "1", value: "0" });
  private readonly barText = h("span", { class: "muted", id: "progress" });
  private readonly outcome = h("p", { class: "done", id: "outcome", role: "status" });
  private readonly next: HTMLElement;
  private readonly snippet = h("code");

  constructor(
    private readonly messages: Messages,
    actions: OutputActions,
  ) {
    this.incomplete = h("p", { class: "warning-text" }, messages.incomplete);
    this.zip = h(
      "button",
      { class: "primary", id: "zip", onclick: actions.downloadZip },
      messages.downloadZip,
    );
    this.buttons = h(
      "div",
      { class: "actions" },
      this.zip,
      folderPicker()
        ? h("button", { id: "folder", onclick: actions.saveFolder }, messages.saveFolder)
        : undefined,
    );
    this.next = h(
      "div",
      { class: "next", id: "next" },
      h("div", { class: "head" }, h("b", {}, messages.next), this.copyButton()),
      h("pre", { tabindex: "0" }, this.snippet),
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
      "section",
      { id: "output" },
      this.buttons,
      this.working,
      this.outcome,
      this.incomplete,
      this.next,
      h("details", {}, this.filesTitle, this.files),
    );
    this.finish("");
  }

  show(bundle: Bundle): void {
    this.files.replaceChildren(
      ...bundle.files.map((file) =>
        h("li", {}, h("code", {}, file.path), h("span", { class: "muted" }, bytesText(file.bytes))),
      ),
    );
    this.filesTitle.textContent = this.messages.filesOf(
      bundle.files.length,
      bytesText(bundle.bytes),
    );
    this.zip.textContent = this.messages.downloadZip;
    this.incomplete.hidden = bundle.exitCode === 0;
    this.snippet.textContent = bundle.snippet.trim();
    this.next.hidden = true;
    this.outcome.textContent = "";
  }

  /** The exact size of the zip, which its own plan tells. */
  showZipSize(bytes: number): void {
    this.zip.textContent = this.messages.downloadZipOf(bytesText(bytes));
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
    const seconds = rate > 0 ? Math.ceil((total - done) / rate) : undefined;
    this.barText.textContent = this.messages.progress(
      bytesText(done),
      bytesText(total),
      bytesText(rate),
      seconds,
    );
  }

  /** `saved`: the files are the person's now. */
  finish(outcome: string, saved = false): void {
    this.buttons.hidden = false;
    this.working.hidden = true;
    this.outcome.textContent = outcome;
    this.next.hidden = !saved || this.snippet.textContent === "";
  }

  private copyButton(): HTMLElement {
    const button = h("button", { class: "small", id: "copy-next" }, this.messages.copy);
    button.addEventListener("click", () => {
      void navigator.clipboard.writeText(this.snippet.textContent).then(() => {
        button.textContent = this.messages.copied;
      });
    });
    return button;
  }
}
