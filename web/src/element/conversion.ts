import type { Bundle, ProduceOptions } from "../bundle.js";
import { Check } from "../check/check.js";
import type { Note } from "../inspection.js";
import type { Model } from "../model.js";
import type { ConvertOptions, Target } from "../options.js";
import { CheckPart } from "./check/check-part.js";
import type { ConvertDetail } from "./events.js";
import { MappingTable } from "./match/mapping-table.js";
import { MatchChoice, type MatchState } from "./match/match-choice.js";
import { NoteList } from "./notes.js";
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

interface Parts {
  form: OptionsForm;
  match: MatchChoice;
  output: OutputView;
  check: CheckPart;
  mapping: MappingTable;
  view: ModelView;
  notes: HTMLElement;
  trouble: HTMLElement;
}

/** An opened model on the screen: what is in it, what it becomes, and the way out. */
export class Conversion {
  readonly root = h("div", { class: "conversion" });
  private readonly check: Check;
  private readonly match: MatchState = { target: undefined, mapping: new Map() };
  private parts: Parts;
  private bundle: Bundle | undefined;
  private isPlanned = false;
  private isClosed = false;
  private planning = Promise.resolve();
  private running: AbortController | undefined;

  constructor(
    private readonly model: Model,
    readonly files: readonly File[],
    private messages: Messages,
    private readonly actions: ConversionActions,
    target: Target,
    checkProgram?: string,
  ) {
    this.check = new Check(model, checkProgram);
    this.parts = this.build(target);
    this.replan();
  }

  /** Whether there are only weights. */
  get lacksArchitecture(): boolean {
    return isWeightsOnly(this.model.inspect());
  }

  /** Whether these files are a PyTorch model's, which the weights are to go into. */
  isForMatch(files: readonly File[]): boolean {
    const isStateDict = /\.(pt|pth|safetensors)$/i.test(files[0]?.name ?? "");
    return files.length === 1 && isStateDict && !this.lacksArchitecture;
  }

  /** The weights go into the model of this state_dict. */
  async matchWith(stateDict: File): Promise<void> {
    this.parts.form.choose("pytorch");
    await this.parts.match.read(stateDict);
  }

  /** Says all in another language; what is under way keeps its own. */
  speak(messages: Messages): void {
    if (this.running) return;
    const { form, check, view } = this.parts;
    check.stop();
    view.close();
    this.messages = messages;
    this.parts = this.build(form.target);
    this.parts.form.restore(form.state());
    this.replan();
  }

  private build(target: Target): Parts {
    const { messages } = this;
    const check = new CheckPart(this.check, messages, () => this.planAgain());
    const inspection = this.model.inspect();
    const replan = () => this.replan();
    const match = new MatchChoice(this.match, this.model, messages.match, {
      changed: () => {
        this.parts.form.showFields();
        this.replan();
      },
      failed: (error) => this.fail(error),
    });
    const form = new OptionsForm(
      messages,
      this.lacksArchitecture,
      target,
      match,
      inspection.training,
      replan,
    );
    const mapping = new MappingTable(this.match, messages.match, replan);
    const output = new OutputView(messages, {
      downloadZip: () => void this.run((options) => this.downloadZip(options)),
      saveFolder: () => void this.run((options) => this.saveFolder(options)),
      cancel: () => {
        this.running?.abort();
        check.cancel();
      },
    });
    const view = new ModelView(this.model, form.target, messages);
    const notes = h("div");
    const trouble = h("div");
    this.root.replaceChildren(
      h(
        "div",
        { class: "top" },
        summary(inspection, this.files, messages, () => this.actions.again()),
        h("div", { class: "convert" }, form.root, trouble, output.root, check.root),
      ),
      notes,
      mapping.root,
      view.root,
    );
    return { form, match, output, check, mapping, view, notes, trouble };
  }

  /** What the options that are chosen now make of it; undefined while that is planned, or fails. */
  get planned(): Bundle | undefined {
    return this.isPlanned ? this.bundle : undefined;
  }

  /** The theme is another one. */
  repaint(): void {
    this.parts.view.repaint();
  }

  close(): void {
    this.isClosed = true;
    this.isPlanned = false;
    this.running?.abort();
    this.parts.check.stop();
    this.parts.view.close();
    void this.bundle?.release();
    void this.model.close();
  }

  /** With the run that was made meanwhile; what is planned stands until then. */
  private planAgain(): void {
    this.planning = this.planning.then(() => this.plan());
  }

  /** Plans anew, after a plan that is under way: their answers come in order. */
  private replan(): void {
    this.isPlanned = false;
    this.parts.check.stop();
    this.planning = this.planning.then(() => this.plan());
  }

  private async plan(): Promise<void> {
    if (this.isClosed) return;
    try {
      const bundle = await this.model.convert(this.options());
      if (this.isClosed) return void bundle.release();
      void this.bundle?.release();
      this.bundle = bundle;
      this.parts.trouble.replaceChildren();
      this.parts.output.show(bundle);
      this.parts.mapping.show(bundle.mapping);
      this.parts.view.show(bundle, this.parts.form.target);
      this.parts.output.root.hidden = false;
      this.isPlanned = true;
      this.showNotes(bundle.notes);
      this.followByCheck();
      void this.tellZipSize(bundle);
    } catch (error) {
      if (this.isClosed) return;
      this.fail(error);
      this.parts.check.follow(undefined, this.parts.form.options());
      this.parts.output.root.hidden = true;
      this.parts.notes.replaceChildren();
      this.parts.mapping.show(undefined);
    }
  }

  private options(): ConvertOptions {
    const { form, check } = this.parts;
    return form.wantsCheck ? check.with(form.options()) : form.options();
  }

  private followByCheck(): void {
    const { form, check } = this.parts;
    check.follow(form.wantsCheck ? this.bundle : undefined, form.options());
  }

  private showNotes(notes: readonly Note[]): void {
    const { view, notes: place } = this.parts;
    const list = new NoteList(notes, this.messages, (layer) => view.chooseNamed(layer));
    view.onChoose = (layer) => list.select(layer);
    place.replaceChildren(list.root);
  }

  private async run(work: (options: ProduceOptions) => Promise<string>): Promise<void> {
    if (this.running) return;
    this.running = new AbortController();
    const { signal } = this.running;
    this.parts.trouble.replaceChildren();
    this.parts.output.begin();
    let outcome = "";
    let saved = false;
    try {
      await this.parts.check.settled();
      await this.planning;
      signal.throwIfAborted();
      outcome = await work({
        signal,
        onProgress: (progress) => this.parts.output.progress(progress),
      });
      saved = outcome !== "";
    } catch (error) {
      if (signal.aborted || isAbort(error)) outcome = this.messages.cancelled;
      else this.fail(error);
    }
    this.running = undefined;
    this.parts.output.finish(outcome, saved);
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
    return this.model.convert({ ...this.options(), zip: this.zipName() });
  }

  private zipName(): string {
    return `${fileName(this.model.inspect().name)}-${this.parts.form.target}.zip`;
  }

  /** Of the zip that the options give now, with what a check adds to it. */
  private async tellZipSize(bundle: Bundle): Promise<void> {
    await this.parts.check.settled();
    await this.planning;
    if (this.planned !== bundle) return;
    const zipped = await this.planZip();
    if (this.planned === bundle) this.parts.output.showZipSize(zipped.bytes);
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
    this.actions.saved({ target: this.parts.form.target, as, name, bytes, exitCode, notes });
  }

  private fail(error: unknown): void {
    this.actions.failed(error);
    this.parts.trouble.replaceChildren(problem(this.messages.cannotConvert, error, this.messages));
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** A model's name as one that every file system takes. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._]+/, "") || "model";
}
