import type { ErrorCode } from "../error-codes.js";
import { isTensorferryError } from "../errors.js";
import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";
import { NoteList } from "./notes.js";

/** An error as a sentence, with all refused layers where that is the reason. */
export function problem(title: string, error: unknown, messages: Messages): HTMLElement {
  const stated = isTensorferryError(error);
  const text = stated ? error.message : messages.unexpected(String(error));
  const notes = stated ? error.notes : [];
  const help = messages.help[(stated ? error.code : "internal") as ErrorCode];
  return h(
    "div",
    {},
    h(
      "div",
      { class: "problem", role: "alert", "data-code": stated ? error.code : "unexpected" },
      h("strong", {}, title),
      h("p", {}, text),
      help ? h("p", { class: "help" }, help) : undefined,
    ),
    notes.length > 0 ? new NoteList(notes, messages).root : undefined,
  );
}
