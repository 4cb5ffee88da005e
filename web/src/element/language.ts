import { catalogues, languageOf } from "./messages/catalogue.js";
import type { Messages } from "./messages/messages.js";

/** In the language that the element or what is around it declares, else in the browser's. */
export function messagesFor(element: Element): Messages {
  const declared = element.closest("[lang]")?.getAttribute("lang");
  return catalogues[languageOf(declared ? [declared] : navigator.languages)];
}
