// The counter of one key. It is a Durable Object: all isolates count there, and its calls do not
// interleave. Refused guesses never reach the database. The counter deletes itself when its window
// is over.

import { DurableObject } from "cloudflare:workers";

interface Window {
  endsAt: number;
  taken: number;
}

export interface Refusal {
  /** Seconds until the window ends. */
  retryAfter: number;
  /** True for the first refusal of a window: it is the one that is reported. */
  first: boolean;
}

export class Limiter extends DurableObject {
  /** Counts a call. Null while there are no more than `most` in `seconds`. */
  async take(most: number, seconds: number): Promise<Refusal | null> {
    const now = Date.now();
    const window = await this.#window(now, seconds);
    window.taken += 1;
    await this.ctx.storage.put("window", window);
    if (window.taken <= most) return null;
    return {
      retryAfter: Math.max(1, Math.ceil((window.endsAt - now) / 1000)),
      first: window.taken === most + 1,
    };
  }

  /** Takes a call out of the count: it succeeded, and only failures are limited. */
  async giveBack(): Promise<void> {
    const window = await this.ctx.storage.get<Window>("window");
    if (window === undefined) return;
    await this.ctx.storage.put("window", { ...window, taken: Math.max(0, window.taken - 1) });
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  async #window(now: number, seconds: number): Promise<Window> {
    const window = await this.ctx.storage.get<Window>("window");
    if (window !== undefined && now < window.endsAt) return window;
    const endsAt = now + seconds * 1000;
    await this.ctx.storage.setAlarm(endsAt);
    return { endsAt, taken: 0 };
  }
}
