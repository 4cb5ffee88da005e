import type { Note } from "../inspection.js";
import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";

const ORDER: Record<Note["severity"], number> = { refused: 0, warning: 1, info: 2 };

/** Notes, the gravest first; folded where none of them is more than a remark. */
export function noteList(notes: readonly Note[], messages: Messages): HTMLElement {
  if (notes.length === 0) {
    return h("section", { id: "notes" }, h("p", { class: "exact" }, messages.noNotes));
  }
  const sorted = [...notes].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  return h(
    "section",
    { id: "notes" },
    h(
      "details",
      { open: sorted[0]?.severity !== "info" },
      h("summary", {}, messages.notes(notes.length)),
      h("ul", { class: "notes", tabindex: "0" }, ...sorted.map((note) => noteRow(note, messages))),
    ),
  );
}

function noteRow(note: Note, messages: Messages): HTMLElement {
  return h(
    "li",
    { class: note.severity },
    h("b", {}, `${messages.severity[note.severity]} · ${note.layer || messages.wholeModel}`),
    note.text,
    h("code", {}, note.code),
  );
}
