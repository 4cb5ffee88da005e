import type { Bundle } from "../../bundle.js";
import type { Inspection } from "../../inspection.js";
import { h } from "../dom.js";
import type { Messages } from "../messages/messages.js";
import { VirtualList } from "../virtual-list.js";
import { type Token, highlighted } from "./highlight.js";

const LINE_HEIGHT = 20;

export interface CodeActions {
  /** A line of the source was chosen that is of this layer. */
  choose(row: number): void;
}

/** The files that are text, one at a time; lines of the source know their layers. */
export class CodePart {
  readonly root: HTMLElement;
  private readonly tabs = h("div", { class: "files-tabs", role: "tablist" });
  private readonly list: VirtualList;
  private readonly copy: HTMLElement;
  private bundle: Bundle | undefined;
  private file = "";
  private text = "";
  private lines: Token[][] = [];
  /** The rows of each line of the source, the narrowest last; lines count from 1. */
  private rowsOf = new Map<number, number[]>();
  private chosen: number | undefined;
  private turn = 0;

  constructor(
    private readonly model: Inspection,
    private readonly messages: Messages,
    private readonly actions: CodeActions,
  ) {
    this.list = new VirtualList(LINE_HEIGHT, {
      id: "source",
      role: "document",
      "aria-label": messages.parts.code,
    });
    this.copy = h("button", { class: "small", id: "copy", onclick: () => this.copyAll() });
    this.copy.textContent = messages.copy;
    this.root = h(
      "div",
      { class: "code-part" },
      h("div", { class: "head" }, this.tabs, this.copy),
      this.list.root,
    );
  }

  close(): void {
    this.list.close();
  }

  show(bundle: Bundle): void {
    this.bundle = bundle;
    this.rowsOf = rowsOfLines(bundle, this.model);
    const files = bundle.files.map(({ path }) => path).filter((path) => isText(path));
    const names = bundle.entry === "" ? files : [bundle.entry, ...files];
    const unique = [...new Set(names)];
    this.tabs.replaceChildren(...unique.map((name) => this.tab(name)));
    void this.open(unique.includes(this.file) ? this.file : (unique[0] ?? ""));
  }

  /** Shows the lines of a layer: first those where it is called. */
  select(row: number | undefined): void {
    this.chosen = row;
    this.list.render();
    if (row === undefined || this.bundle?.entry !== this.file) return;
    const lines = [...this.rowsOf].filter(([, rows]) => rows.includes(row)).map(([line]) => line);
    const first = lines[0];
    if (first !== undefined) this.list.reveal(first - 1);
  }

  private tab(name: string): HTMLElement {
    return h(
      "button",
      {
        class: "tab small",
        role: "tab",
        "aria-selected": String(name === this.file),
        onclick: () => void this.open(name),
      },
      name,
    );
  }

  private async open(name: string): Promise<void> {
    const turn = ++this.turn;
    const { bundle } = this;
    if (!bundle) return;
    const text = await textOf(bundle, name);
    if (turn !== this.turn) return;
    [this.file, this.text] = [name, text];
    for (const tab of this.tabs.children) {
      tab.setAttribute("aria-selected", String(tab.textContent === name));
    }
    this.lines = highlighted(text, name);
    this.list.root.dataset["file"] = name;
    this.list.show(this.lines.length, (index) => this.line(index));
    this.select(this.chosen);
  }

  private line(index: number): HTMLElement {
    const rows = this.file === this.bundle?.entry ? (this.rowsOf.get(index + 1) ?? []) : [];
    const row = rows.at(-1);
    const isChosen = this.chosen !== undefined && rows.includes(this.chosen);
    return h(
      "div",
      {
        class: `line${row === undefined ? "" : " of-layer"}${isChosen ? " chosen" : ""}`,
        title: row === undefined ? undefined : this.model.layers[row]?.name,
        onclick: row === undefined ? undefined : () => this.actions.choose(row),
      },
      h("span", { class: "line-number", "aria-hidden": "true" }, String(index + 1)),
      h(
        "code",
        {},
        ...(this.lines[index] ?? []).map(({ text, classes }) =>
          classes === "" ? text : h("span", { class: classes }, text),
        ),
      ),
    );
  }

  private copyAll(): void {
    void navigator.clipboard.writeText(this.text).then(() => {
      this.copy.textContent = this.messages.copied;
      setTimeout(() => (this.copy.textContent = this.messages.copy), 1500);
    });
  }
}

function isText(path: string): boolean {
  return /\.(py|md|json)$/.test(path);
}

/** What the plan tells already, else made now: small files that need no tensor. */
async function textOf(bundle: Bundle, name: string): Promise<string> {
  if (name === bundle.entry) return bundle.source;
  if (name === "manifest.json") return bundle.manifest;
  const file = bundle.files.find(({ path }) => path === name);
  return file ? (await file.blob()).text() : "";
}

function rowsOfLines(bundle: Bundle, model: Inspection): Map<number, number[]> {
  const rows = new Map<string, number>();
  for (const [row, { model: owner, name }] of model.layers.entries()) {
    const key = `${owner} ${name}`;
    if (owner !== null && !rows.has(key)) rows.set(key, row);
  }
  const result = new Map<number, number[]>();
  const widest = [...bundle.lines].sort((a, b) => b.last - b.first - (a.last - a.first));
  for (const { model: owner, layer, first, last } of widest) {
    const row = rows.get(`${owner} ${layer}`);
    if (row === undefined) continue;
    for (let line = first; line <= last; line += 1) {
      result.set(line, [...(result.get(line) ?? []), row]);
    }
  }
  return result;
}
