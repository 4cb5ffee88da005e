import { classHighlighter, highlightCode } from "@lezer/highlight";
import { parser as json } from "@lezer/json";
import { parser as python } from "@lezer/python";

/** A piece of a line of code, with the classes of its kind ("tok-keyword"). */
export interface Token {
  text: string;
  classes: string;
}

const PARSERS = { py: python, json };

/** The lines of a text, highlighted by what its file's name ends in. */
export function highlighted(text: string, file: string): Token[][] {
  const suffix = file.slice(file.lastIndexOf(".") + 1);
  if (!(suffix === "py" || suffix === "json")) {
    return text.split("\n").map((line) => [{ text: line, classes: "" }]);
  }
  const lines: Token[][] = [[]];
  highlightCode(
    text,
    PARSERS[suffix].parse(text),
    classHighlighter,
    (piece, classes) => lines.at(-1)?.push({ text: piece, classes }),
    () => lines.push([]),
  );
  return lines;
}
