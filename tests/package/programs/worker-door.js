// The door of a worker, dedicated or service: does its work when it is told where, and tells the
// page what came of it.

import { outcomes } from "./outcomes.js";

/** @param {(at: string) => Record<string, () => Promise<unknown>>} works */
export function answerWith(works) {
  addEventListener("install", () => /** @type {{ skipWaiting?: () => void }} */ (globalThis).skipWaiting?.());
  addEventListener("activate", (event) => {
    const { clients } = /** @type {{ clients?: { claim(): Promise<void> } }} */ (/** @type {unknown} */ (globalThis));
    /** @type {{ waitUntil?: (promise: Promise<unknown>) => void }} */ (event).waitUntil?.(clients?.claim() ?? Promise.resolve());
  });
  addEventListener("message", (event) => {
    const { data: at, ports } = /** @type {MessageEvent<string>} */ (event);
    void outcomes(works(at)).then((seen) => ports[0]?.postMessage(seen));
  });
}
