// The channel to the other tabs of this origin. A message is an array of numbers, so there is no
// room for a token in it; src/client/messages.rs says what they mean. A tab is alone where there is
// no channel, and from the moment at which the channel fails.

import type { Keep as Engine } from "../../build/client/client.js";

type Hear = (...message: Message) => void;
type Message = Parameters<Engine["hear"]>;

const LENGTH: Message["length"] = 7;

/** The channel to the other tabs that have a keep of this name. */
export function newSiblings(name: string, hear: Hear) {
  let channel: BroadcastChannel | undefined;

  function close(): void {
    channel?.close();
    channel = undefined;
  }

  return {
    open(): void {
      if (channel) return;
      try {
        channel = new BroadcastChannel(`tokenkeep:${name}`);
      } catch {
        // The platform has no channels, or denies them to this frame, as Firefox does where cookies
        // are blocked.
        return;
      }
      // In Node an open channel would keep the process alive.
      (channel as { unref?(): void }).unref?.();
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (data instanceof Float64Array && data.length === LENGTH)
          hear(...(Array.from(data) as Message));
      };
    },
    tell(...message: Message): void {
      try {
        channel?.postMessage(Float64Array.of(...message));
      } catch {
        close();
      }
    },
    close,
  };
}
