// The tabs of this origin, by BroadcastChannel. A message is a few numbers, so there is no room for
// a token in it; what they mean is in src/client/wire.rs. A tab is alone where there is no such
// channel, and from the moment at which it fails.

import type { Numbers } from "./wire.js";

/** Goes before the numbers of a message, and is raised when they change their meaning. */
const VERSION = 1;

export class Siblings {
  readonly #name: string;
  readonly #hear: (message: Numbers) => void;
  #channel: BroadcastChannel | null = null;

  constructor(name: string, hear: (message: Numbers) => void) {
    this.#name = `tokenkeep:${name}`;
    this.#hear = hear;
  }

  open(): void {
    if (this.#channel !== null) return;
    try {
      this.#channel = new BroadcastChannel(this.#name);
    } catch {
      // There is none, or this frame may not have it (an opaque origin, blocked storage).
      return;
    }
    // Node keeps a process alive for an open channel.
    (this.#channel as { unref?(): void }).unref?.();
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof Float64Array) || data.length !== 7) return;
      const [version, epoch = -1, kind = -1, flags = -1, high = -1, low = -1, wait = -1] = data;
      const small = [kind, flags, high, low].every((number) => number === number >>> 0);
      const whole = [epoch, wait].every((number) => Number.isSafeInteger(number) && number >= 0);
      if (version === VERSION && small && whole) this.#hear([kind, flags, high, low, epoch, wait]);
    };
  }

  tell([kind, flags, high, low, epoch, wait]: Numbers): void {
    try {
      this.#channel?.postMessage(new Float64Array([VERSION, epoch, kind, flags, high, low, wait]));
    } catch {
      this.close();
    }
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
