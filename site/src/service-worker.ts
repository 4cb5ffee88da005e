/**
 * Keeps the page for use without a network, and does nothing else: it answers GETs of what was
 * precached, from the cache, and has no other handler (wall 10 of docs/design.md).
 */

import { PrecacheController } from "workbox-precaching/PrecacheController.js";

/** Put in by offline.mjs: the files of the page, with a revision that changes with their bytes. */
declare const PRECACHE: { url: string; revision: string }[];

/** The few of the service worker's own types, which the library of the page's does not have. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const controller = new PrecacheController();
controller.addToCacheList(PRECACHE);

addEventListener("install", (event) => {
  void controller.install(event as ExtendableEvent);
});

addEventListener("activate", (event) => {
  void controller.activate(event as ExtendableEvent);
});

addEventListener("fetch", (event) => {
  const { request } = event as FetchEvent;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  url.search = url.hash = "";
  if (url.pathname.endsWith("/")) url.pathname += "index.html";
  if (controller.getCacheKeyForURL(url.href) === undefined) return;
  (event as FetchEvent).respondWith(answer(url.href, request));
});

/** From the cache; from the network where the browser has thrown that away. */
async function answer(url: string, request: Request): Promise<Response> {
  return (await controller.matchPrecache(url)) ?? fetch(request);
}
