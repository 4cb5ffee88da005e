/** tensorferry.esm.js: the loader as a module. */

import { defineLoader } from "./loader.js";

export type * from "../element/events.js";
export type { TensorFerryElement } from "../element/tensor-ferry.js";

const url = import.meta.url;
const scripts = [...(globalThis.document?.scripts ?? [])];
defineLoader({ url, nonce: scripts.find(({ src }) => src === url)?.nonce ?? "" });
