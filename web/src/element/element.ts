/**
 * The custom element `<tensor-ferry>`; importing it defines it.
 *
 * @module element
 */

import type { Bundle } from "../bundle.js";
import { Runtime } from "../runtime.js";
import { Conversion } from "./conversion.js";
import { DropZone } from "./drop-zone.js";
import { h } from "./dom.js";
import { lockPage } from "./lock.js";
import { en } from "./messages/en.js";
import { problem } from "./problem.js";
import style from "./style.css";

export type ElementState = "loading" | "locked" | "ready" | "open";

/**
 * `<tensor-ferry>`: a drop zone that becomes the converter.
 *
 * Attributes: `wasm-url`; `lock` closes the page against all requests as soon as everything is
 * loaded, and before a file is read (it binds the whole page, so client-side navigation ends too).
 * The attribute `state` tells how far it is: `loading`, then `locked` or `ready`, then `open`.
 * `model` is there while one is on the screen. Event `state` on each change. What the page puts inside stands below the drop zone's button.
 */
export class TensorFerryElement extends HTMLElement {
  private readonly messages = en;
  private readonly zone = new DropZone(en, (files) => void this.open(files));
  private readonly trouble = h("div");
  private readonly shown = h("div");
  private readonly loaded: Promise<Runtime>;
  private begin: (runtime: Promise<Runtime>) => void = () => {};
  private beforeLock: Promise<unknown>[] = [];
  private listening: AbortController | undefined;
  private conversion: Conversion | undefined;
  private opening = 0;

  constructor() {
    super();
    this.loaded = new Promise((resolve) => (this.begin = resolve));
    this.attachShadow({ mode: "open" }).append(
      h("style", {}, style),
      this.trouble,
      this.zone.root,
      this.shown,
    );
  }

  connectedCallback(): void {
    this.listening = new AbortController();
    this.zone.listen(document, this.listening.signal);
    if (this.state === undefined) {
      this.state = "loading";
      this.begin(this.load());
      this.loaded.catch((error: unknown) => this.fail(error));
    }
  }

  disconnectedCallback(): void {
    this.listening?.abort();
  }

  get state(): ElementState | undefined {
    return (this.getAttribute("state") as ElementState | null) ?? undefined;
  }

  private set state(state: ElementState) {
    this.setAttribute("state", state);
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** The plan of what is on the screen; undefined where there is none, or none yet. */
  get bundle(): Bundle | undefined {
    return this.conversion?.planned;
  }

  /** What else the page must have loaded before the lock; it waits for them, whether they succeed or not. */
  waitFor(loading: Promise<unknown>): void {
    this.beforeLock.push(loading);
  }

  /** As if these files had been dropped. Files that come early wait for the lock. */
  async open(files: readonly File[]): Promise<void> {
    const turn = ++this.opening;
    this.trouble.replaceChildren();
    this.zone.say(this.messages.opening(files.map((file) => file.name).join(", ")));
    try {
      const runtime = await this.loaded;
      this.state = "open";
      const model = await runtime.open(files);
      if (turn !== this.opening) return void model.close();
      this.show(new Conversion(model, files, this.messages, () => this.show(undefined)));
    } catch (error) {
      if (turn !== this.opening) return;
      this.show(undefined);
      this.fail(error);
    }
    this.zone.say(undefined);
  }

  private async load(): Promise<Runtime> {
    const wasmUrl = this.getAttribute("wasm-url");
    const runtime = await Runtime.load(
      wasmUrl ? { wasmUrl: new URL(wasmUrl, document.baseURI) } : {},
    );
    await Promise.allSettled(this.beforeLock);
    if (this.hasAttribute("lock")) lockPage();
    this.state = this.hasAttribute("lock") ? "locked" : "ready";
    runtime.prepare();
    return runtime;
  }

  private show(conversion: Conversion | undefined): void {
    this.conversion?.close();
    this.conversion = conversion;
    this.toggleAttribute("model", conversion !== undefined);
    this.trouble.replaceChildren();
    this.zone.root.hidden = conversion !== undefined;
    this.shown.replaceChildren(...(conversion ? [conversion.root] : []));
  }

  private fail(error: unknown): void {
    this.trouble.replaceChildren(problem(this.messages.cannotOpen, error, this.messages));
  }
}

customElements.define("tensor-ferry", TensorFerryElement);
