// The channel to the other tabs of this origin. A message is an array of numbers, so there is no
// room for a token in it; src/client/messages.rs says what they mean. A tab is alone where there is
// no channel, and from the moment at which the channel fails.

import type { Keep as Engine } from "../../build/client/client.js";

type Hear = (...message: Message) => void;
type Message = Parameters<Engine["hear"]>;

const LENGTH: Message["length"] = 7;

export class Siblings {
  readonly #name: string;
  readonly #hear: Hear;
  #channel: BroadcastChannel | null = null;

  constructor(name: string, hear: Hear) {
    this.#name = `tokenkeep:${name}`;
    this.#hear = hear;
  }

  open(): void {
    if (this.#channel !== null) return;
    try {
      this.#channel = new BroadcastChannel(this.#name);
    } catch {
      // The platform has no channels, or denies them to this frame, as Firefox does where cookies
      // are blocked.
      return;
    }
    // In Node an open channel would keep the process alive.
    (this.#channel as { unref?(): void }).unref?.();
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof Float64Array && data.length === LENGTH)
        this.#hear(...(Array.from(data) as Message));
    };
  }

  tell(message: Message): void {
    try {
      this.#channel?.postMessage(Float64Array.of(...message));
    } catch {
      this.close();
    }
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
