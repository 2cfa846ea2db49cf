// The tabs of this origin, by BroadcastChannel. What a message means is in src/client/messages.rs:
// here it is an array of numbers, so there is no room for a token in it. A tab is alone where there
// is no such channel, and from the moment at which it fails.

export class Siblings {
  readonly #name: string;
  readonly #hear: (message: Float64Array) => void;
  #channel: BroadcastChannel | null = null;

  constructor(name: string, hear: (message: Float64Array) => void) {
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
      if (data instanceof Float64Array) this.#hear(data);
    };
  }

  tell(message: Float64Array): void {
    try {
      this.#channel?.postMessage(message);
    } catch {
      this.close();
    }
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
