/** The catalogues of what the element says, and that every error has its help. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { load } from "./support/load.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { catalogues, languageOf } = await load("element/messages/catalogue.ts");
const { ERROR_CODES } = await load("error-codes.ts");

function leaves(value, path = "") {
  if (value === null || typeof value !== "object") return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}/${key}`));
}

test("each language has the same words, none empty", () => {
  const english = leaves(catalogues.en).sort();
  for (const [language, messages] of Object.entries(catalogues)) {
    assert.deepEqual(leaves(messages).sort(), english, language);
    for (const text of JSON.stringify(messages).matchAll(/""/g))
      assert.fail(`${language}: ${text}`);
  }
});

test("the language is the first that there is", () => {
  assert.equal(languageOf(["fr-FR", "ko-KR", "en"]), "ko");
  assert.equal(languageOf(["KO"]), "ko");
  assert.equal(languageOf(["constructor", "de"]), "en");
  assert.equal(languageOf([]), "en");
});

test("each code of the module is known, and has help in each language", async () => {
  const source = await readFile(join(root, "src/io/error.cpp"), "utf8");
  const codes = new Set([...source.matchAll(/return "([a-z0-9-]+)"/g)].map(([, code]) => code));
  assert.ok(codes.size > 15);
  for (const code of codes) assert.ok(ERROR_CODES.includes(code), code);
  for (const messages of Object.values(catalogues)) {
    assert.deepEqual(Object.keys(messages.help).sort(), [...ERROR_CODES].sort());
  }
});

test("the page's words are those of its HTML, in each language", async () => {
  const { pageMessages } = await load("../../site/src/messages.ts");
  const html = await readFile(join(root, "site/src/index.html"), "utf8");
  const keys = [...html.matchAll(/data-text="([a-z-]+)"/g)].map(([, key]) => key).sort();
  assert.ok(keys.length > 5);
  assert.deepEqual(Object.keys(pageMessages).sort(), Object.keys(catalogues).sort());
  for (const [language, messages] of Object.entries(pageMessages)) {
    assert.deepEqual(leaves(messages).sort(), leaves(pageMessages.en).sort(), language);
    assert.deepEqual(Object.keys(messages.texts).sort(), keys, language);
  }
});
