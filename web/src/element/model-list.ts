import { h } from "./dom.js";
import type { Messages } from "./messages/messages.js";

/** What came in at once: the models, which are converted one after the other, and what is none. */
export class ModelList {
  readonly root: HTMLElement;
  private readonly buttons: HTMLElement[];

  /** `names`: of the models; `others`: of the files that belong to none. */
  constructor(
    names: readonly string[],
    others: readonly string[],
    messages: Messages,
    open: (index: number) => void,
  ) {
    this.buttons = names.map((name, index) =>
      h("button", { class: "small model-button", onclick: () => open(index) }, name),
    );
    const several = names.length > 1;
    this.root = h(
      "nav",
      {
        id: "models",
        class: "models",
        part: "models",
        "aria-label": messages.modelsOf(names.length),
      },
      several ? h("span", { class: "muted" }, messages.modelsOf(names.length)) : undefined,
      ...(several ? this.buttons : []),
      others.length > 0
        ? h("span", { class: "muted", id: "others" }, messages.leftAside(inShort(others)))
        : undefined,
    );
    this.root.hidden = !several && others.length === 0;
  }

  /** The model that is on the screen. */
  mark(shown: number): void {
    this.buttons.forEach((button, index) => {
      if (index === shown) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  markSaved(index: number): void {
    this.buttons[index]?.classList.add("saved");
  }
}

const MOST_NAMES = 5;

function inShort(names: readonly string[]): string {
  const first = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${first}, …` : first;
}
