// Calls the listeners, in a microtask after the state has changed. So a listener may call any
// method and throw anything.

import type { TokenKeepEvents } from "./types.js";
import { inThisZone } from "./zones.js";

type Type = keyof TokenKeepEvents;

export class Listeners {
  readonly #listeners = new Map<Type, Set<(event: never) => void>>();

  add<K extends Type>(type: K, listener: (event: TokenKeepEvents[K]) => void): () => void {
    // Wrapped, so that one function added twice is two listeners.
    const entry = inThisZone((event: TokenKeepEvents[K]) => listener(event));
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set.add(entry));
    return () => void set.delete(entry);
  }

  emit<K extends Type>(type: K, event: TokenKeepEvents[K]): void {
    const set = this.#listeners.get(type) as Set<(event: TokenKeepEvents[K]) => void> | undefined;
    if (!set?.size) return;
    Object.freeze(event);
    queueMicrotask(() => {
      for (const listener of [...set]) {
        try {
          listener(event);
        } catch (error) {
          report(error);
        }
      }
    });
  }
}

/** Reports an error as the platform does when an event listener throws. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
