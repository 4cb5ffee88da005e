/** The page around `<tensor-ferry>`: its language, the samples, and whether the page is locked. */

import samples, { type Sample } from "samples";
import type { TensorFerryElement } from "tensorferry/element";
import "tensorferry/element";
import { type TextKey, pageMessages } from "./messages.js";
import { keepOffline } from "./offline.js";

type PageLanguage = keyof typeof pageMessages;

const converter = found<TensorFerryElement>("tensor-ferry");

let language = languageAtFirst();

converter.addEventListener("state", () => showState());
found("#language").addEventListener("click", () => speak(language === "en" ? "ko" : "en"));
if (samples.length > 0) found("#samples").append(document.createElement("span"));
speak(language);

for (const sample of samples) converter.waitFor(offer(sample));
converter.waitFor(keepAll());
void converter.prepare();

function languageAtFirst(): PageLanguage {
  const known = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  return known.find((it): it is PageLanguage => it === "en" || it === "ko") ?? "en";
}

function speak(chosen: PageLanguage): void {
  language = chosen;
  const { texts, samples: invitation } = pageMessages[language];
  document.documentElement.lang = converter.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = texts[element.dataset["text"] as TextKey];
  }
  for (const label of document.querySelectorAll("#samples > span")) label.textContent = invitation;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-page]")) {
    link.setAttribute("href", `docs/${language === "ko" ? "ko/" : ""}${link.dataset["page"]}`);
  }
  const button = found("#language");
  button.textContent = language === "en" ? "한국어" : "English";
  button.lang = language === "en" ? "ko" : "en";
  showState();
}

function showState(): void {
  found("#lock").textContent = pageMessages[language].lock[converter.state ?? "loading"];
}

/** What did not come to the page in time, the service worker would wait for without an end. */
async function keepAll(): Promise<void> {
  const state = (await converter.loadCheck()) ? await keepOffline() : "not kept";
  found("#offline").hidden = state !== "kept";
}

/** Fetched now, since nothing can be once the page is locked; the button works from then on. */
async function offer(sample: Sample): Promise<void> {
  const button = document.createElement("button");
  button.textContent = sample.title;
  button.title = sample.text;
  button.disabled = true;
  found("#samples").append(button);
  const response = await fetch(`samples/${sample.file}`);
  if (!response.ok) return button.remove();
  const file = new File([await response.blob()], sample.file);
  button.addEventListener("click", () => void converter.open([file]));
  button.disabled = false;
}

function found<Kind extends Element = HTMLElement>(selector: string): Kind {
  const element = document.querySelector<Kind>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}
