/** Samples the memory of a page's workers (by the debugging protocol) and of its renderer process. */

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const INTERVAL_MILLISECONDS = 25;

export class MemoryWatch {
  static async start(browser, page) {
    const watch = new MemoryWatch();
    watch.process = await rendererOf(browser);
    const session = await page.createCDPSession();
    await session.send("Target.setAutoAttach", {
      autoAttach: true,
      flatten: true,
      waitForDebuggerOnStart: false,
    });
    session.on("sessionattached", (worker) => watch.workers.push({ worker, peak: 0 }));
    watch.session = session;
    watch.running = watch.run();
    return watch;
  }

  constructor() {
    this.workers = [];
    this.peak = 0;
    this.stopped = false;
  }

  /** Peaks in bytes: `worker`, the largest of any worker; `renderer`; and how many `workers` there were. */
  async stop() {
    this.stopped = true;
    await this.running;
    await this.session.detach();
    return {
      worker: Math.max(0, ...this.workers.map(({ peak }) => peak)),
      workers: this.workers.length,
      renderer: await peakResident(this.process),
    };
  }

  async run() {
    while (!this.stopped) {
      await Promise.all(
        this.workers.map(async (watched) => {
          const usage = await watched.worker.send("Runtime.getHeapUsage").catch(() => undefined);
          if (!usage) return;
          watched.peak = Math.max(watched.peak, usage.usedSize + (usage.backingStorageSize ?? 0));
        }),
      );
      await sleep(INTERVAL_MILLISECONDS);
    }
  }
}

/** The page's process: the largest renderer, as the others have no page or an empty one. */
async function rendererOf(browser) {
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const sizes = await Promise.all(
    renderers.map(async ({ id }) => ({ id, size: await resident(id) })),
  );
  return sizes.sort((a, b) => b.size - a.size)[0].id;
}

async function resident(process) {
  return field(process, "VmRSS");
}

async function peakResident(process) {
  return field(process, "VmHWM");
}

async function field(process, name) {
  const status = await readFile(`/proc/${process}/status`, "utf8");
  return 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
}
