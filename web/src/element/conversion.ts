import type { Bundle, ProduceOptions } from "../bundle.js";
import type { Model } from "../model.js";
import type { Target } from "../options.js";
import type { ConvertDetail } from "./events.js";
import { noteList } from "./notes.js";
import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";
import { ModelView } from "./model-view.js";
import { OptionsForm } from "./options-form.js";
import { OutputView } from "./output.js";
import { problem } from "./problem.js";
import { download, folderPicker } from "./save.js";
import { isWeightsOnly, summary } from "./summary.js";

export interface ConversionActions {
  /** The person wants another model. */
  again(): void;
  saved(detail: ConvertDetail): void;
  failed(error: unknown): void;
}

/** An opened model on the screen: what is in it, what it becomes, and the way out. */
export class Conversion {
  readonly root: HTMLElement;
  private readonly form: OptionsForm;
  private readonly output: OutputView;
  private readonly view: ModelView;
  private readonly notes = h("div");
  private readonly trouble = h("div");
  private bundle: Bundle | undefined;
  private isPlanned = false;
  private planning = Promise.resolve();
  private running: AbortController | undefined;

  constructor(
    private readonly model: Model,
    files: readonly File[],
    private readonly messages: Messages,
    private readonly actions: ConversionActions,
    target: Target,
  ) {
    const inspection = model.inspect();
    this.form = new OptionsForm(messages, isWeightsOnly(inspection), target, () => this.replan());
    this.output = new OutputView(messages, {
      downloadZip: () => void this.run((options) => this.downloadZip(options)),
      saveFolder: () => void this.run((options) => this.saveFolder(options)),
      cancel: () => this.running?.abort(),
    });
    this.view = new ModelView(model, this.form.target, messages);
    this.root = h(
      "div",
      { class: "conversion" },
      h(
        "div",
        { class: "top" },
        summary(inspection, files, messages, () => this.actions.again()),
        h("div", { class: "convert" }, this.form.root, this.trouble, this.output.root),
      ),
      this.notes,
      this.view.root,
    );
    this.replan();
  }

  /** What the options that are chosen now make of it; undefined while that is planned, or fails. */
  get planned(): Bundle | undefined {
    return this.isPlanned ? this.bundle : undefined;
  }

  /** The theme is another one. */
  repaint(): void {
    this.view.repaint();
  }

  close(): void {
    this.running?.abort();
    this.view.close();
    void this.bundle?.release();
    void this.model.close();
  }

  /** Plans anew, after a plan that is under way: their answers come in order. */
  private replan(): void {
    this.isPlanned = false;
    this.planning = this.planning.then(() => this.plan());
  }

  private async plan(): Promise<void> {
    try {
      const bundle = await this.model.convert(this.form.options());
      void this.bundle?.release();
      this.bundle = bundle;
      this.trouble.replaceChildren();
      this.output.show(bundle);
      this.view.show(bundle, this.form.target);
      this.output.root.hidden = false;
      this.isPlanned = true;
      this.notes.replaceChildren(noteList(bundle.notes, this.messages));
      void this.tellZipSize(bundle);
    } catch (error) {
      this.fail(error);
      this.output.root.hidden = true;
      this.notes.replaceChildren();
    }
  }

  private async run(work: (options: ProduceOptions) => Promise<string>): Promise<void> {
    if (this.running) return;
    this.running = new AbortController();
    const { signal } = this.running;
    this.trouble.replaceChildren();
    this.output.begin();
    let outcome = "";
    let saved = false;
    try {
      outcome = await work({ signal, onProgress: (progress) => this.output.progress(progress) });
      saved = outcome !== "";
    } catch (error) {
      if (signal.aborted || isAbort(error)) outcome = this.messages.cancelled;
      else this.fail(error);
    }
    this.running = undefined;
    this.output.finish(outcome, saved);
  }

  private async downloadZip(options: ProduceOptions): Promise<string> {
    const zipped = await this.planZip();
    try {
      for (const { path, blob } of await zipped.blobs(options)) download(blob, path);
      this.tellSaved("zip", this.zipName(), zipped);
    } finally {
      void zipped.release();
    }
    return this.messages.savedZip(this.zipName());
  }

  private planZip(): Promise<Bundle> {
    return this.model.convert({ ...this.form.options(), zip: this.zipName() });
  }

  private zipName(): string {
    return `${fileName(this.model.inspect().name)}-${this.form.target}.zip`;
  }

  /** Of the zip that the options give now. */
  private async tellZipSize(bundle: Bundle): Promise<void> {
    const zipped = await this.planZip();
    if (this.planned === bundle) this.output.showZipSize(zipped.bytes);
    void zipped.release();
  }

  private async saveFolder(options: ProduceOptions): Promise<string> {
    const folder = await folderPicker()?.();
    if (!folder || !this.bundle) return "";
    const { bundle } = this;
    await bundle.saveTo(folder, options);
    this.tellSaved("folder", folder.name, bundle);
    return this.messages.savedFolder(folder.name);
  }

  private tellSaved(
    as: ConvertDetail["as"],
    name: string,
    { bytes, exitCode, notes }: Bundle,
  ): void {
    this.actions.saved({ target: this.form.target, as, name, bytes, exitCode, notes });
  }

  private fail(error: unknown): void {
    this.actions.failed(error);
    this.trouble.replaceChildren(problem(this.messages.cannotConvert, error, this.messages));
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** A model's name as one that every file system takes. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._]+/, "") || "model";
}
