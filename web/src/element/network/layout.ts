/** Where boxes and lines go. A blob worker of its own does it, so that the page never waits. */

import layoutSource from "layout-source";
import { blobWorker } from "../../blob-worker.js";
import type { Layout, LayoutRequest } from "./layout-messages.js";

export type { Layout } from "./layout-messages.js";

/** Lays one drawing out after another; only the answer to the last one is of interest. */
export class LayoutWorker {
  private worker: Worker | undefined;
  private asked = 0;

  /** Undefined where another drawing was asked for in the meantime. Throws where the worker fails. */
  async place(request: Omit<LayoutRequest, "id">): Promise<Layout | undefined> {
    const id = ++this.asked;
    this.worker ??= blobWorker(layoutSource, "tensorferry layout");
    const worker = this.worker;
    const layout = await new Promise<Layout>((resolve, reject) => {
      worker.addEventListener("message", function listen({ data }: MessageEvent<Layout>) {
        if (data.id !== id) return;
        worker.removeEventListener("message", listen);
        resolve(data);
      });
      worker.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
      worker.postMessage({ id, ...request });
    });
    return id === this.asked ? layout : undefined;
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = undefined;
  }
}
