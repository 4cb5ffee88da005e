import { en } from "./en.js";
import { ko } from "./ko.js";
import type { Messages } from "./messages.js";

/** One object a language; the type says when a word is missing. */
export const catalogues = { en, ko } satisfies Record<string, Messages>;

export type Language = keyof typeof catalogues;

/** The first of these languages ("ko-KR") that there is a catalogue of; English if there is none. */
export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(catalogues, language)) return language as Language;
  }
  return "en";
}
