/** The page around `<tensor-ferry>`: the samples, and a line that tells whether the page is locked. */

import samples, { type Sample } from "samples";
import type { ElementState, TensorFerryElement } from "tensorferry/element";
import "tensorferry/element";
import { keepOffline } from "./offline.js";

const converter = found<TensorFerryElement>("tensor-ferry");

const LOCK_TEXT: Record<ElementState, string> = {
  loading: "Loading…",
  ready: "This page sends nothing.",
  locked: "This page is locked: your browser lets no request out of it any more.",
  open: "This page is locked: your browser lets no request out of it any more.",
};

converter.addEventListener("state", () => showState());
showState();

if (samples.length > 0) found("#samples").append("or try a sample:");
for (const sample of samples) converter.waitFor(offer(sample));
converter.waitFor(keepOffline().then((state) => (found("#offline").hidden = state !== "kept")));

function showState(): void {
  found("#lock").textContent = LOCK_TEXT[converter.state ?? "loading"];
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
