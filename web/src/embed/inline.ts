/** tensorferry.inline.js: everything in one plain script, the module too; it makes no request. */

import packed from "packed-module";
import { type Engine, engine } from "../element/engine.js";
import { TensorFerryElement, define } from "../element/tensor-ferry.js";

class InlineElement extends TensorFerryElement {
  protected override async loadEngine(): Promise<Engine> {
    const wasmBytes = await unpacked();
    return { ...engine, runtime: (_, locked) => engine.runtime({ wasmBytes }, locked) };
  }
}

async function unpacked(): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

define(InlineElement);
