import type { Note } from "../inspection.js";
import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";

const ORDER: Record<Note["severity"], number> = { refused: 0, warning: 1, info: 2 };

/** Notes, the gravest first; folded where none of them is more than a remark. */
export class NoteList {
  readonly root: HTMLElement;
  private readonly rows: { layer: string; row: HTMLElement }[];

  /** `choose`: the layer of a note was chosen; without it they lead nowhere. */
  constructor(notes: readonly Note[], messages: Messages, choose?: (layer: string) => void) {
    const sorted = [...notes].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
    this.rows = sorted.map((note) => ({
      layer: note.layer,
      row: noteRow(note, messages, note.layer === "" ? undefined : choose),
    }));
    this.root = h(
      "section",
      { id: "notes" },
      sorted.length === 0
        ? h("p", { class: "exact" }, messages.noNotes)
        : h(
            "details",
            { open: sorted[0]?.severity !== "info" },
            h("summary", {}, messages.notes(notes.length)),
            h("ul", { class: "notes", tabindex: "0" }, ...this.rows.map(({ row }) => row)),
          ),
    );
  }

  /** Marks what is said of a layer, and shows the first of it where the list is open. */
  select(layer: string): void {
    let first: HTMLElement | undefined;
    for (const { layer: of, row } of this.rows) {
      row.classList.toggle("chosen", of === layer);
      if (of === layer) first ??= row;
    }
    const list = first?.parentElement;
    if (first && list) list.scrollTop = first.offsetTop - list.offsetTop;
  }
}

function noteRow(
  note: Note,
  messages: Messages,
  choose: ((layer: string) => void) | undefined,
): HTMLElement {
  const title = `${messages.severity[note.severity]} · ${note.layer || messages.wholeModel}`;
  return h(
    "li",
    { class: note.severity },
    choose
      ? h("button", { class: "note-layer", onclick: () => choose(note.layer) }, title)
      : h("b", {}, title),
    note.text,
    h("code", {}, note.code),
  );
}
