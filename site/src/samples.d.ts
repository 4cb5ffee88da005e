/** build/samples/samples.json, fixed when the site is built. */
declare module "samples" {
  export interface Sample {
    file: string;
    title: string;
    text: string;
  }
  const samples: readonly Sample[];
  export default samples;
}
