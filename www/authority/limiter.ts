// One counter for one key: a Durable Object, for it is the one place where all isolates count
// together and no two calls interleave. It keeps guessing away from the database, and forgets
// itself when its window is over.

import { DurableObject } from "cloudflare:workers";

interface Window {
  endsAt: number;
  taken: number;
}

export interface Refusal {
  /** Seconds until the next try has a chance. */
  retryAfter: number;
  /** The first refusal of this window, so that it is reported once. */
  first: boolean;
}

export class Limiter extends DurableObject {
  /** Counts one more call. Null when it is within the limit of `most` in `seconds`. */
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

  /** Takes one call back: it turned out not to be what is limited. */
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
