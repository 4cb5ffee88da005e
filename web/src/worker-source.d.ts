/** The texts of the workers' programs, put together by build.mjs. */
declare module "worker-source" {
  const source: string;
  export default source;
}

declare module "layout-source" {
  const source: string;
  export default source;
}

declare module "*.css" {
  const text: string;
  export default text;
}

/** `tensorferry.wasm`, compressed by gzip, in base64. */
declare module "packed-module" {
  const base64: string;
  export default base64;
}
