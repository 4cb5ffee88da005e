import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";

export interface DropActions {
  receive(files: File[]): void;
  openSample(): void;
}

/** Where files come in: dropped or chosen. The slot takes what a page puts beside it (samples). */
export class DropZone {
  readonly root: HTMLElement;
  private readonly headline = h("strong");
  private readonly hint = h("p");
  private readonly choose: HTMLElement;
  private readonly sample: HTMLElement;
  private readonly input: HTMLInputElement;

  constructor(
    private messages: Messages,
    private readonly actions: DropActions,
  ) {
    this.input = h("input", {
      type: "file",
      multiple: true,
      hidden: true,
      onchange: () => this.chosen(),
    });
    this.choose = h("button", {
      class: "primary",
      id: "choose",
      part: "choose",
      onclick: () => this.input.click(),
    });
    this.sample = h("button", {
      id: "sample",
      part: "sample",
      onclick: () => this.actions.openSample(),
    });
    this.root = h(
      "div",
      { class: "drop", part: "drop" },
      this.headline,
      this.hint,
      this.choose,
      this.sample,
      this.input,
      h("slot"),
    );
    this.label(messages, undefined);
  }

  /** `sample`: the name of the model that a button offers, if one does. */
  label(messages: Messages, sample: string | undefined): void {
    this.messages = messages;
    this.say(undefined);
    this.hint.textContent = messages.dropHint;
    this.choose.textContent = messages.chooseFiles;
    this.sample.hidden = sample === undefined;
    this.sample.textContent = messages.trySample(sample ?? "");
  }

  /** Says what is under way, or the invitation. */
  say(text: string | undefined): void {
    this.headline.textContent = text ?? this.messages.dropHere;
  }

  /**
   * A drop beside the zone counts as well: elsewhere the browser would navigate to the file. What
   * the page takes itself is left to it.
   */
  listen(host: Element, signal: AbortSignal): void {
    const mark = (over: boolean) => this.root.classList.toggle("over", over);
    const over = (event: DragEvent) => {
      if (!isFor(host, event)) return mark(false);
      event.preventDefault();
      mark(true);
    };
    const drop = (event: DragEvent) => {
      mark(false);
      if (!isFor(host, event)) return;
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) this.actions.receive(files);
    };
    document.addEventListener("dragover", over, { signal });
    document.addEventListener("dragleave", () => mark(false), { signal });
    document.addEventListener("drop", drop, { signal });
  }

  private chosen(): void {
    const files = [...(this.input.files ?? [])];
    this.input.value = "";
    if (files.length > 0) this.actions.receive(files);
  }
}

/** Files over this element, or over none such, which are the first one's. */
function isFor(host: Element, event: DragEvent): boolean {
  if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return false;
  const within = event
    .composedPath()
    .find((target) => target instanceof Element && target.localName === host.localName);
  return (within ?? document.querySelector(host.localName)) === host;
}
