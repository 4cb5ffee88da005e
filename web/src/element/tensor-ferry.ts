import type { Bundle } from "../bundle.js";
import { TensorferryError, isTensorferryError } from "../errors.js";
import type { Target } from "../options.js";
import type { Runtime, RuntimeOptions } from "../runtime.js";
import type { Conversion } from "./conversion.js";
import { h } from "./dom.js";
import { DropZone } from "./drop-zone.js";
import type { Engine } from "./engine.js";
import type { ElementState, ErrorDetail, TensorFerryEventMap } from "./events.js";
import { type Given, givenFiles } from "./given.js";
import { messagesFor } from "./language.js";
import { lockPage } from "./lock.js";
import type { Messages } from "./messages/messages.js";
import { ModelList } from "./model-list.js";
import { problem } from "./problem.js";
import { dress, watchPageTheme } from "./theme.js";

const NAME = "tensor-ferry";
const MOST_WAIT_FOR_CHECK_MILLISECONDS = 5_000;
const SIGNS_OF_USE = ["pointerenter", "pointerdown", "focusin"] as const;

/** A server that renders a page imports this file too, and has no elements. */
const Base = (globalThis.HTMLElement ?? Object) as typeof HTMLElement;

interface Loaded {
  engine: Engine;
  runtime: Runtime;
}

/** What came in at once, by models. */
interface Arrival {
  models: readonly (readonly File[])[];
  list: ModelList;
}

/**
 * `<tensor-ferry>`: a drop zone that becomes the converter. What stands behind the zone is loaded on
 * the first sign of use; a file that comes sooner waits for it.
 *
 * Attributes:
 * - `target`: `pytorch` or `tfjs`, what is chosen at first;
 * - `lang`: `en` or `ko`; else the language of the page around it, else of the browser;
 * - `src`: a sample that a button offers; it is fetched before a file is open;
 * - `theme`: `light` or `dark`; else as `color-scheme` says around it;
 * - `compact`: a small zone, and no view of network, code and weights;
 * - `lock`: closes the page against all requests before a file is read (it binds the whole page, so
 *   client-side navigation ends too);
 * - `wasm-url`: where `tensorferry.wasm` is, if not beside the script;
 * - `check-url`: where `tensorferry.check.js` is: with it models are checked in TensorFlow.js, else
 *   by the reference evaluator alone. It is loaded as text before a file is open, and waited for at
 *   most 5 seconds.
 *
 * The attribute `state` tells how far it is (`ElementState`); `model` is there while one is on the
 * screen. Events: `state`, `open`, `convert`, `error` (`TensorFerryEventMap`). What the page puts
 * inside stands below the zone's button. Parts: `drop`, `choose`, `choose-folder`, `sample`,
 * `trouble`, `models`, `converter`.
 * CSS custom properties: `--tensor-ferry-` with `text`, `muted`, `surface`, `raised`, `border`,
 * `accent`, `accent-text`, `font`.
 */
export abstract class TensorFerryElement extends Base {
  static readonly observedAttributes = ["lang", "src", "theme"];

  private messages: Messages;
  private readonly zone: DropZone;
  private readonly trouble = h("div", { part: "trouble" });
  private readonly arrived = h("div");
  private readonly shown = h("div", { part: "converter" });
  private readonly fetching: Promise<unknown>[] = [];
  private sample: Promise<File> | undefined;
  private checking: Promise<boolean> | undefined;
  private checkProgram: string | undefined;
  private loading: Promise<Loaded> | undefined;
  private listening: AbortController | undefined;
  private conversion: Conversion | undefined;
  private opening = 0;

  constructor() {
    super();
    this.messages = messagesFor(this);
    this.zone = new DropZone(this.messages, {
      receive: (given) => void this.receive(given),
      openSample: () => void this.openSample(),
    });
    this.attachShadow({ mode: "open" }).append(
      this.arrived,
      this.trouble,
      this.zone.root,
      this.shown,
    );
  }

  /**
   * Gives what stands behind the zone; called once, unless it fails.
   *
   * @hidden
   */
  protected abstract loadEngine(): Promise<Engine>;

  connectedCallback(): void {
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.zone.listen(this, signal);
    watchPageTheme(() => this.dress(), signal);
    const use = () => void this.prepare();
    for (const type of SIGNS_OF_USE) this.addEventListener(type, use, { signal, once: true });
    document.addEventListener("dragenter", use, { signal, once: true });
    this.refresh();
    if (this.state === undefined) this.state = "idle";
  }

  disconnectedCallback(): void {
    this.listening?.abort();
  }

  attributeChangedCallback(name: string): void {
    if (name === "src") this.sample = undefined;
    if (this.isConnected) this.refresh();
  }

  override addEventListener<Type extends keyof TensorFerryEventMap>(
    type: Type,
    listener: (event: TensorFerryEventMap[Type]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
  }

  get state(): ElementState | undefined {
    return (this.getAttribute("state") as ElementState | null) ?? undefined;
  }

  private set state(state: ElementState) {
    this.setAttribute("state", state);
    this.emit("state", state);
  }

  /** The plan of what is on the screen; undefined where there is none, or none yet. */
  get bundle(): Bundle | undefined {
    return this.conversion?.planned;
  }

  /** What else the page must have loaded before the lock; it waits for them, whether they succeed or not. */
  waitFor(loading: Promise<unknown>): void {
    this.fetching.push(loading);
  }

  /** Loads what `check-url` names, once: false where that did not come in time. */
  loadCheck(): Promise<boolean> {
    this.checking ??= this.fetchCheckProgram();
    return this.checking;
  }

  /** Loads what stands behind the zone, ahead of any sign of use. A failure is on the screen. */
  async prepare(): Promise<void> {
    await this.loaded();
  }

  /**
   * As if these files had been dropped: several models are opened one after the other. Files that
   * come early wait for the lock.
   */
  async open(files: readonly File[]): Promise<void> {
    await this.receive(() => givenFiles(files));
  }

  private async receive(given: () => Given | Promise<Given>): Promise<void> {
    const turn = ++this.opening;
    this.zone.say(this.messages.loading);
    try {
      const come = await given();
      this.zone.say(this.messages.opening(come.paths.join(", ")));
      const loaded = await this.loaded();
      const [first] = come.files;
      if (first && this.conversion?.isForMatch(come.files)) await this.conversion.matchWith(first);
      else if (loaded) await this.openAll(loaded, come, turn);
    } catch (error) {
      if (turn === this.opening) this.fail(error, "open");
    }
    if (turn === this.opening) this.zone.say(undefined);
  }

  private async openAll(loaded: Loaded, given: Given, turn: number): Promise<void> {
    this.state = "open";
    const models = await this.modelsOf(loaded.runtime, given);
    if (turn !== this.opening) return;
    const pathOf = (file: File | undefined) =>
      file ? (given.paths[given.files.indexOf(file)] ?? file.name) : "";
    const list = new ModelList(
      models.map(([first]) => pathOf(first)),
      given.files.filter((file) => !models.some((model) => model.includes(file))).map(pathOf),
      this.messages,
      (index) => void this.openModel(loaded, { models, list }, index, ++this.opening),
    );
    this.arrived.replaceChildren(list.root);
    await this.openModel(loaded, { models, list }, 0, turn);
  }

  /** An architecture that comes alone joins the weights that are on the screen without one. */
  private async modelsOf(runtime: Runtime, given: Given): Promise<(readonly File[])[]> {
    const { files, paths } = given;
    const waiting = this.conversion?.lacksArchitecture ? this.conversion.files : [];
    if (files.length === 1) {
      if (waiting.length === 0) return [files];
      const [joined] = await runtime.findModels([...waiting, ...files]);
      return joined && files.every((file) => joined.includes(file)) ? [joined] : [files];
    }
    const found = await runtime.findModels(files, [...paths]);
    return found.length > 0 ? found : [files]; // opening says why there is none
  }

  private async openModel(
    loaded: Loaded,
    { models, list }: Arrival,
    index: number,
    turn: number,
  ): Promise<void> {
    const files = models[index] ?? [];
    this.trouble.replaceChildren();
    list.mark(index);
    try {
      const model = await loaded.runtime.open(files);
      if (turn !== this.opening) return void model.close();
      const actions = {
        again: () => {
          this.show(undefined);
          this.arrived.replaceChildren();
        },
        saved: (detail: TensorFerryEventMap["convert"]["detail"]) => {
          list.markSaved(index);
          this.emit("convert", detail);
        },
        failed: (error: unknown) => this.emit("error", errorDetail(error, "convert")),
      };
      this.show(
        loaded.engine.show(model, files, this.messages, actions, this.target(), this.checkProgram),
      );
      this.emit("open", { files, inspection: model.inspect() });
    } catch (error) {
      if (turn !== this.opening) return;
      this.show(undefined);
      this.fail(error, "open");
    }
  }

  private async openSample(): Promise<void> {
    try {
      await this.open([await this.fetchSample()]);
    } catch (error) {
      this.fail(error, "open");
    }
  }

  private loaded(): Promise<Loaded | undefined> {
    this.loading ??= this.load();
    return this.loading.catch(() => {
      this.loading = undefined;
      return undefined;
    });
  }

  private async load(): Promise<Loaded> {
    this.state = "loading";
    const locks = this.hasAttribute("lock");
    void this.loadCheck();
    try {
      const engine = await this.loadEngine();
      const runtime = await engine.runtime(this.runtimeOptions(), locks);
      await this.fetched();
      if (locks) {
        // The lock binds all of them.
        for (const other of document.querySelectorAll(NAME)) {
          if (other instanceof TensorFerryElement) await other.fetched();
        }
        lockPage();
      }
      this.state = locks ? "locked" : "ready";
      runtime.prepare();
      return { engine, runtime };
    } catch (error) {
      this.state = "idle";
      this.fail(error, "load");
      throw error;
    }
  }

  private runtimeOptions(): RuntimeOptions {
    const wasmUrl = this.getAttribute("wasm-url");
    return wasmUrl ? { wasmUrl: new URL(wasmUrl, document.baseURI) } : {};
  }

  private async fetched(): Promise<void> {
    const sample = this.hasAttribute("src") ? [this.fetchSample()] : [];
    await Promise.allSettled([...this.fetching, ...sample, this.loadCheck()]);
  }

  private async fetchCheckProgram(): Promise<boolean> {
    const url = this.getAttribute("check-url");
    if (!url) return true;
    const signal = AbortSignal.timeout(MOST_WAIT_FOR_CHECK_MILLISECONDS);
    try {
      const response = await fetch(new URL(url, document.baseURI), { signal });
      if (response.ok) this.checkProgram = await response.text();
    } catch {
      // The reference evaluator is there.
    }
    return this.checkProgram !== undefined;
  }

  private fetchSample(): Promise<File> {
    this.sample ??= fetchFile(new URL(this.getAttribute("src") ?? "", document.baseURI));
    this.sample.catch(() => (this.sample = undefined));
    return this.sample;
  }

  private target(): Target {
    return this.getAttribute("target") === "tfjs" ? "tfjs" : "pytorch";
  }

  /** What attributes and the page around it say. */
  private refresh(): void {
    const messages = messagesFor(this);
    if (messages !== this.messages) this.conversion?.speak(messages);
    this.messages = messages;
    this.zone.label(messages, this.getAttribute("src")?.split("/").at(-1));
    this.dress();
  }

  private dress(): void {
    if (this.shadowRoot) dress(this, this.shadowRoot, this.getAttribute("theme"));
    this.conversion?.repaint();
  }

  private show(conversion: Conversion | undefined): void {
    this.conversion?.close();
    this.conversion = conversion;
    this.toggleAttribute("model", conversion !== undefined);
    this.trouble.replaceChildren();
    this.zone.root.hidden = conversion !== undefined;
    this.shown.replaceChildren(...(conversion ? [conversion.root] : []));
  }

  private fail(error: unknown, during: ErrorDetail["during"]): void {
    this.trouble.replaceChildren(problem(this.messages.cannotOpen, error, this.messages));
    this.emit("error", errorDetail(error, during));
  }

  private emit<Type extends keyof TensorFerryEventMap>(
    type: Type,
    detail: TensorFerryEventMap[Type]["detail"],
  ): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The first definition of a page stands; on a server there is none. */
export function define(element: CustomElementConstructor): void {
  const { customElements } = globalThis;
  if (customElements && !customElements.get(NAME)) customElements.define(NAME, element);
}

async function fetchFile(url: URL): Promise<File> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return new File(
      [await response.blob()],
      decodeURIComponent(url.pathname.split("/").at(-1) ?? ""),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TensorferryError("read-failed", `Loading ${url.href} failed: ${reason}.`);
  }
}

function errorDetail(error: unknown, during: ErrorDetail["during"]): ErrorDetail {
  return isTensorferryError(error)
    ? { code: error.code, message: error.message, notes: error.notes, during }
    : { code: "unexpected", message: String(error), notes: [], during };
}

declare global {
  interface HTMLElementTagNameMap {
    "tensor-ferry": TensorFerryElement;
  }
}
