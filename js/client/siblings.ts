// The tabs of this origin, by BroadcastChannel. A message is a few numbers, so there is no room for a token in it; what
// it means is in src/client/wire.rs. Where there is no such channel this tab is alone.

export class Siblings {
  readonly #name: string;
  readonly #hear: (message: Float64Array) => void;
  #channel: BroadcastChannel | null = null;

  constructor(name: string, hear: (message: Float64Array) => void) {
    this.#name = `tokenkeep:${name}`;
    this.#hear = hear;
  }

  open(): void {
    if (this.#channel !== null || typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof Float64Array) this.#hear(data);
    };
  }

  tell(message: Float64Array): void {
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
