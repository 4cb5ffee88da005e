/** tensorferry.js: the loader as a plain script. */

import { defineLoader } from "./loader.js";

const { src: url, nonce } = document.currentScript as HTMLScriptElement;
defineLoader({ url, nonce: nonce ?? "" });
