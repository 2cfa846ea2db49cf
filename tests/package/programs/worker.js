// A worker, dedicated or service: does its work when it is told where, and tells the page what came of it.

import { createTokenKeep } from "tokenkeep";
import { createVerifier } from "tokenkeep/edge";
import { exerciseClient, exerciseEdge, outcomes } from "./exercise.js";

addEventListener("install", () => /** @type {{ skipWaiting?: () => void }} */ (globalThis).skipWaiting?.());
addEventListener("activate", (event) => {
  const { clients } = /** @type {{ clients?: { claim(): Promise<void> } }} */ (/** @type {unknown} */ (globalThis));
  /** @type {{ waitUntil?: (promise: Promise<unknown>) => void }} */ (event).waitUntil?.(clients?.claim() ?? Promise.resolve());
});
addEventListener("message", (event) => {
  const { data: at, ports } = /** @type {MessageEvent<string>} */ (event);
  void outcomes({
    client: () => exerciseClient(createTokenKeep, at),
    edge: () => exerciseEdge(createVerifier, at),
  }).then((seen) => ports[0]?.postMessage(seen));
});
