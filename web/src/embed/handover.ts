declare const VERSION: string;

/** Where tensorferry-ui.js leaves the engine for the loader of its version. */
export const ENGINE = Symbol.for(`tensorferry ${VERSION}`);
