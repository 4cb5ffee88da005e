/**
 * The small script that defines `<tensor-ferry>` and loads the rest on the first sign of use, from
 * its own address, by hashes that the build puts in.
 */

import type { Engine } from "../element/engine.js";
import { TensorFerryElement, define } from "../element/tensor-ferry.js";
import { TensorferryError } from "../errors.js";
import { scriptTrust } from "../trusted-types.js";
import { ENGINE } from "./handover.js";

declare const UI_INTEGRITY: string;
declare const WASM_INTEGRITY: string;

/** The script element that the loader came by. */
export interface Origin {
  url: string;
  /** The host's, for a `script-src` that only takes those. */
  nonce: string;
}

export function defineLoader(origin: Origin): void {
  let engine: Promise<Engine> | undefined;

  class LoaderElement extends TensorFerryElement {
    protected override loadEngine(): Promise<Engine> {
      engine ??= loadEngine(origin);
      engine.catch(() => (engine = undefined));
      return engine;
    }
  }

  define(LoaderElement);
}

async function loadEngine(origin: Origin): Promise<Engine> {
  await loadScript(new URL("tensorferry-ui.js", origin.url).href, origin.nonce);
  const engine = Reflect.get(globalThis, ENGINE) as Engine;
  const beside = { wasmUrl: new URL("tensorferry.wasm", origin.url) };
  return {
    ...engine,
    runtime: (options, locked) =>
      engine.runtime({ ...beside, ...options, wasmIntegrity: WASM_INTEGRITY }, locked),
  };
}

let trust: ((url: string) => string) | undefined;

/** A script element, and no import(), which takes no hash. */
function loadScript(url: string, nonce: string): Promise<void> {
  trust ??= scriptTrust("tensorferry-loader", (asked) => asked === url);
  const script = document.createElement("script");
  script.nonce = nonce;
  script.integrity = UI_INTEGRITY;
  script.crossOrigin = "anonymous";
  script.src = trust(url);
  const ended = new Promise<void>((resolve, reject) => {
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () =>
      reject(
        new TensorferryError(
          "module-unavailable",
          `Loading ${url} failed: it is not there, or the page's policy or its hash refuses it, or ` +
            "its host is another origin that does not send Access-Control-Allow-Origin.",
        ),
      ),
    );
  });
  document.head.append(script);
  return ended.finally(() => script.remove());
}
