// The listeners of a fake keep. Unlike the real one's they are called at once, so that a test sees
// what its line has caused.

import { report } from "../client/events.js";
import type { TokenKeepEvents } from "../client/types.js";

type Type = keyof TokenKeepEvents;

export class Listeners {
  readonly #entries = new Set<{ readonly type: Type; readonly listener: (event: never) => void }>();

  add<K extends Type>(type: K, listener: (event: TokenKeepEvents[K]) => void): () => void {
    const entry = { type, listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  emit<K extends Type>(type: K, event: TokenKeepEvents[K]): void {
    for (const entry of [...this.#entries]) {
      if (entry.type !== type) continue;
      try {
        (entry.listener as (event: TokenKeepEvents[K]) => void)(event);
      } catch (error) {
        report(error);
      }
    }
  }
}
