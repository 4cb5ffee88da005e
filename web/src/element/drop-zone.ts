import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";

/** Where files come in: dropped or chosen. The slot takes what a page puts beside it (samples). */
export class DropZone {
  readonly root: HTMLElement;
  private readonly headline: HTMLElement;
  private readonly input: HTMLInputElement;

  constructor(
    private readonly messages: Messages,
    private readonly receive: (files: File[]) => void,
  ) {
    this.headline = h("strong", {}, messages.dropHere);
    this.input = h("input", {
      type: "file",
      multiple: true,
      hidden: true,
      onchange: () => this.chosen(),
    });
    this.root = h(
      "div",
      { class: "drop", part: "drop" },
      this.headline,
      h("p", {}, messages.dropHint),
      h(
        "button",
        { class: "primary", id: "choose", onclick: () => this.input.click() },
        messages.chooseFiles,
      ),
      this.input,
      h("slot"),
    );
  }

  /** Says what is under way, or the invitation. */
  say(text: string | undefined): void {
    this.headline.textContent = text ?? this.messages.dropHere;
  }

  /** A drop beside the zone counts as well: elsewhere the browser would navigate to the file. */
  listen(target: EventTarget, signal: AbortSignal): void {
    const mark = (over: boolean) => this.root.classList.toggle("over", over);
    const over = (event: Event) => {
      event.preventDefault();
      mark(true);
    };
    const drop = (event: Event) => {
      event.preventDefault();
      mark(false);
      const files = [...((event as DragEvent).dataTransfer?.files ?? [])];
      if (files.length > 0) this.receive(files);
    };
    target.addEventListener("dragover", over, { signal });
    target.addEventListener("dragleave", () => mark(false), { signal });
    target.addEventListener("drop", drop, { signal });
  }

  private chosen(): void {
    const files = [...(this.input.files ?? [])];
    this.input.value = "";
    if (files.length > 0) this.receive(files);
  }
}
