/** Keeps the page for use without a network. */

export type OfflineState = "kept" | "not kept";

/**
 * Lets the service worker fetch what is not kept yet. Settles when nothing more will be fetched, so
 * that the page can be locked after it.
 */
export async function keepOffline(): Promise<OfflineState> {
  if (!("serviceWorker" in navigator) || location.protocol === "file:") return "not kept";
  try {
    const registration = await navigator.serviceWorker.register("service-worker.js");
    // Else the browser would look for a newer one by itself, later. It rejects without a network.
    // One that is being installed came just now; Chromium would take 2 seconds to look again.
    if (!registration.installing) await registration.update().catch(() => {});
    const working = registration.installing ?? registration.waiting ?? registration.active;
    if (!working) return "not kept";
    return await installed(working);
  } catch {
    return "not kept"; // private windows and strict settings have none: the page works without
  }
}

function installed(worker: ServiceWorker): Promise<OfflineState> {
  return new Promise((resolve) => {
    const look = () => {
      if (worker.state === "redundant") resolve("not kept");
      else if (worker.state !== "installing" && worker.state !== "parsed") resolve("kept");
    };
    worker.addEventListener("statechange", look);
    look();
  });
}
