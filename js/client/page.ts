// Watches the page: visible and hidden, online and offline, frozen and restored. Each event tells
// the engine to look again. Outside a page there are no such events.

import type { Input } from "../../build/client/client.js";

const WINDOW = ["online", "offline", "pageshow", "pagehide", "focus"];
const DOCUMENT = ["visibilitychange", "resume"];

/**
 * Tells `wake` the state of the page, and each change of it. `left` is called when the page
 * goes, perhaps into the back/forward cache, `restored` when it comes back from there. Returns the
 * function that ends this.
 */
export function watchPage(
  wake: (what: Input) => void,
  bfcache: { left(persisted: boolean): void; restored(): void },
): () => void {
  const { document, navigator } = globalThis;
  const hidden = () => document?.visibilityState === "hidden";
  const hear = (event: Event) => {
    switch (event.type) {
      case "online":
        return wake("online");
      case "offline":
        return wake("offline");
      case "resume":
        return wake("restored");
      case "pageshow":
        if (!(event as PageTransitionEvent).persisted) return;
        bfcache.restored();
        return wake("restored");
      case "pagehide":
        return bfcache.left((event as PageTransitionEvent).persisted);
      default:
        return wake(hidden() ? "hidden" : "visible");
    }
  };
  const targets: [EventTarget | undefined, string[]][] = [
    [globalThis, WINDOW],
    [document, DOCUMENT],
  ];
  const each = (method: "addEventListener" | "removeEventListener") => {
    for (const [target, names] of targets) for (const name of names) target?.[method]?.(name, hear);
  };
  each("addEventListener");
  if (hidden()) wake("hidden");
  if (navigator?.onLine === false) wake("offline");
  return () => each("removeEventListener");
}
