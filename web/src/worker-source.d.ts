/** The text of a worker's program, put together by build.mjs. */
declare module "worker-source" {
  const source: string;
  export default source;
}

declare module "*.css" {
  const text: string;
  export default text;
}
