/** Styles of the shadow root, all of them adopted: a strict page allows no others. */

import darkStyle from "./dark.css";
import style from "./style.css";

interface Sheets {
  base: CSSStyleSheet;
  dark: CSSStyleSheet;
}

let made: Sheets | undefined;

/** Shared by all elements of the page. */
function sheets(): Sheets {
  made ??= { base: sheet(style), dark: sheet(darkStyle) };
  return made;
}

function sheet(text: string): CSSStyleSheet {
  const empty = new CSSStyleSheet();
  empty.replaceSync(text);
  return empty;
}

/** Puts the styles of `theme` on the element; anything but "light" and "dark" follows the page. */
export function dress(host: Element, root: ShadowRoot, theme: string | null): void {
  const { base, dark } = sheets();
  root.adoptedStyleSheets = isDark(host, theme) ? [base, dark] : [base];
}

function isDark(host: Element, theme: string | null): boolean {
  if (theme === "dark" || theme === "light") return theme === "dark";
  // What the page declares, in the words of CSS: "normal" is light, both is as the person likes.
  const schemes = getComputedStyle(host).colorScheme;
  if (!schemes.includes("dark")) return false;
  return !schemes.includes("light") || matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Documentation sites switch their scheme by an attribute of the root or the body. */
export function watchPageTheme(changed: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(changed);
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}
