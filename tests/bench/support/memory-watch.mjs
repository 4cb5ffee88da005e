/** Samples the memory of a page's workers (by the debugging protocol) and of its renderer process. */

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const INTERVAL_MILLISECONDS = 25;

export class MemoryWatch {
  static async start(browser, page) {
    const watch = new MemoryWatch();
    watch.browser = browser;
    const session = await page.createCDPSession();
    await session.send("Target.setAutoAttach", {
      autoAttach: true,
      flatten: true,
      waitForDebuggerOnStart: true,
    });
    session.on("sessionattached", (worker) => {
      watch.workers.push({ worker, peak: 0 });
      void worker.send("Runtime.evaluate", { expression: KEEP_MEMORY });
      void worker.send("Runtime.runIfWaitingForDebugger");
    });
    watch.session = session;
    watch.running = watch.run();
    return watch;
  }

  constructor() {
    this.workers = [];
    this.stopped = false;
  }

  /** Peaks in bytes: `worker`, the largest of any worker; `renderer`; and how many `workers` there were. */
  async stop() {
    this.stopped = true;
    await this.running;
    const sizes = await Promise.all(
      this.workers.map(async ({ worker, peak }) => peak + (await moduleMemory(worker))),
    );
    const renderer = await peakResident(this.browser);
    await this.session.detach();
    return { worker: Math.max(0, ...sizes), workers: this.workers.length, renderer };
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

/** Run in a worker before its own program: keeps the module's memory where it can be asked for. */
const KEEP_MEMORY = `{
  const { instantiate, Memory } = WebAssembly;
  WebAssembly.instantiate = async (...settings) => {
    const made = await instantiate(...settings);
    const exported = Object.values((made.instance ?? made).exports);
    globalThis.moduleMemory = exported.find((it) => it instanceof Memory);
    return made;
  };
}`;

/** Of WebAssembly, which the heap's usage leaves out. It never shrinks: its last size is its peak. */
async function moduleMemory(worker) {
  const expression = "globalThis.moduleMemory?.buffer.byteLength ?? 0";
  const { result } = await worker.send("Runtime.evaluate", { expression });
  return result.value;
}

/** Of the largest renderer: the page's, as the others have no page or an empty one. */
async function peakResident(browser) {
  const session = await browser.target().createCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  return Math.max(...(await Promise.all(renderers.map(({ id }) => highWater(id)))));
}

async function highWater(process) {
  const status = await readFile(`/proc/${process}/status`, "utf8");
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}
