import { h } from "./dom.js";
import { type Given, droppedFiles, folderFiles, givenFiles, pastedFiles } from "./given.js";
import type { Messages } from "./messages/messages.js";

export interface DropActions {
  /** May fail: a folder has to be read. */
  receive(given: () => Given | Promise<Given>): void;
  openSample(): void;
}

/** Where files come in: dropped, pasted or chosen, folders too. The slot takes what a page puts beside it (samples). */
export class DropZone {
  readonly root: HTMLElement;
  private readonly headline = h("strong");
  private readonly hint = h("p");
  private readonly choose: HTMLElement;
  private readonly sample: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly chooseFolder: HTMLElement;
  private readonly folderInput: HTMLInputElement;

  constructor(
    private messages: Messages,
    private readonly actions: DropActions,
  ) {
    this.input = h("input", {
      type: "file",
      multiple: true,
      hidden: true,
      onchange: () => this.chosen(this.input, givenFiles),
    });
    this.folderInput = h("input", {
      type: "file",
      id: "folder-input",
      webkitdirectory: true,
      hidden: true,
      onchange: () => this.chosen(this.folderInput, folderFiles),
    });
    this.choose = h("button", {
      class: "primary",
      id: "choose",
      part: "choose",
      onclick: () => this.input.click(),
    });
    this.chooseFolder = h("button", {
      class: "plain",
      id: "choose-folder",
      part: "choose-folder",
      hidden: !("webkitdirectory" in HTMLInputElement.prototype),
      onclick: () => this.folderInput.click(),
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
      this.chooseFolder,
      this.sample,
      this.input,
      this.folderInput,
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
    this.chooseFolder.textContent = messages.chooseFolder;
    this.sample.hidden = sample === undefined;
    this.sample.textContent = messages.trySample(sample ?? "");
  }

  /** Says what is under way, or the invitation. */
  say(text: string | undefined): void {
    this.headline.textContent = text ?? this.messages.dropHere;
  }

  /**
   * A drop beside the zone counts as well: elsewhere the browser would navigate to the file. So does
   * what is pasted, but into a field. What the page takes itself is left to it.
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
      const given = event.dataTransfer && droppedFiles(event.dataTransfer);
      if (given) this.actions.receive(() => given);
    };
    const paste = (event: ClipboardEvent) => {
      if (event.defaultPrevented || isField(event) || !isNearest(host, event)) return;
      const given = event.clipboardData && pastedFiles(event.clipboardData);
      if (!given) return;
      event.preventDefault();
      this.actions.receive(() => given);
    };
    document.addEventListener("dragover", over, { signal });
    document.addEventListener("dragleave", () => mark(false), { signal });
    document.addEventListener("drop", drop, { signal });
    document.addEventListener("paste", paste, { signal });
  }

  private chosen(input: HTMLInputElement, given: (files: Iterable<File>) => Given): void {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length > 0) this.actions.receive(() => given(files));
  }
}

function isFor(host: Element, event: DragEvent): boolean {
  if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return false;
  return isNearest(host, event);
}

/** Over this element, or over none such: what comes there is the first one's. */
function isNearest(host: Element, event: Event): boolean {
  const within = event
    .composedPath()
    .find((target) => target instanceof Element && target.localName === host.localName);
  return (within ?? document.querySelector(host.localName)) === host;
}

function isField(event: Event): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input, textarea, select"))
  );
}
