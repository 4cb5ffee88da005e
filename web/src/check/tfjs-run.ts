import { blobWorker } from "../blob-worker.js";
import type { Bundle } from "../bundle.js";
import type { RunAnswer, RunRequest, RunResult } from "./messages.js";

/** A model as TensorFlow.js takes it, of a bundle for it. */
export async function tfjsModel(
  bundle: Bundle,
  signal: AbortSignal,
): Promise<Pick<RunRequest, "model" | "weights">> {
  const blobs = new Map((await bundle.blobs({ signal })).map(({ path, blob }) => [path, blob]));
  // Not the plan's own text: the ranges of quantized weights are not in that yet.
  const model = (await blobs.get(bundle.entry)?.text()) ?? "";
  const { weightsManifest } = JSON.parse(model) as { weightsManifest: { paths: string[] }[] };
  const paths = weightsManifest.flatMap((group) => group.paths);
  const shards = paths.flatMap((path) => blobs.get(path) ?? []);
  return { model, weights: await new Blob(shards).arrayBuffer() };
}

/**
 * Runs a model in a worker of its own, which is ended then, or when the time is over or the signal
 * says so. `program`: the text of check/program.ts.
 */
export async function runTfjs(
  program: string,
  request: RunRequest,
  milliseconds: number,
  signal: AbortSignal,
): Promise<RunResult> {
  const worker = blobWorker(program, "tensorferry check");
  const limit = AbortSignal.timeout(milliseconds);
  try {
    const answer = await new Promise<RunAnswer>((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<RunAnswer>) => resolve(data));
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        reject(new Error(event.message || "its worker could not start"));
      });
      limit.addEventListener("abort", () =>
        reject(new Error(`it took longer than ${milliseconds / 1000} s`)),
      );
      signal.addEventListener("abort", () => reject(signal.reason));
      signal.throwIfAborted();
      worker.postMessage(request, [request.weights]);
    });
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  } finally {
    worker.terminate();
  }
}
