/**
 * Workers that do as they are told: `behave(message, worker)` sees each call and may answer it,
 * post progress, fail, or keep silent.
 */
export function fakeWorkers(behave) {
  const made = [];
  class FakeWorker extends EventTarget {
    terminated = false;

    postMessage(message) {
      queueMicrotask(() => behave(message, this));
    }

    say(data) {
      if (this.terminated) return;
      this.dispatchEvent(Object.assign(new Event("message"), { data }));
    }

    crash(reason) {
      this.dispatchEvent(Object.assign(new Event("error"), { message: reason }));
    }

    terminate() {
      this.terminated = true;
    }
  }
  const make = () => {
    const worker = new FakeWorker();
    made.push(worker);
    return worker;
  };
  return { make, made };
}
