// What this process hears of changes in Redis, and how long it may believe that it has heard of all
// of them. A pulse is a message that it sends to itself. One that comes back has passed the server
// and the subscription, and all changes that were published before it have come before it. It is
// good for half a second from when it was sent. So whatever happens to the connection, nobody
// believes an answer that a change made wrong more than half a second ago.

import type { Connection } from "./connection.js";

/** Milliseconds that a pulse is good for. The next one is sent when half of them are over. */
const PULSE = 500;
/** Milliseconds between two attempts to subscribe. */
const PAUSE = 1_000;

export class Subscription {
  readonly #connection: Connection;
  readonly #channel: string;
  readonly #heard: (message: string) => void;
  readonly #broken: () => void;
  #state: "none" | "opening" | "open" = "none";
  #triedAt = Number.NEGATIVE_INFINITY;
  #end = () => {};
  /** The channel of this process alone. */
  #pulses = "";
  #pulse = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** When the last pulse was sent that has come back. */
  #provenAt = Number.NEGATIVE_INFINITY;

  /** `broken`: changes may have been missed. */
  constructor(
    connection: Connection,
    channel: string,
    heard: (message: string) => void,
    broken: () => void,
  ) {
    this.#connection = connection;
    this.#channel = channel;
    this.#heard = heard;
    this.#broken = broken;
    connection.onEnd(() => this.#stop());
  }

  /**
   * Whether all changes until half a second ago have been heard of. Has the next pulse sent when it
   * is due.
   */
  isAlive(): boolean {
    const now = performance.now();
    if (this.#state === "open" && now - this.#sentAt > PULSE / 2) this.#send(now);
    return now - this.#provenAt < PULSE;
  }

  /** Subscribes, if that is still to be done. To be called when the client is known to work. */
  open(): void {
    const now = performance.now();
    if (this.#state !== "none" || now - this.#triedAt < PAUSE) return;
    this.#state = "opening";
    this.#triedAt = now;
    this.#pulses = `${this.#channel}:${crypto.randomUUID()}`;
    const listener = {
      heard: (channel: string, message: string) => {
        if (channel === this.#channel) this.#heard(message);
        else if (message === String(this.#pulse)) this.#provenAt = this.#sentAt;
      },
      broken: () => this.#break(),
    };
    this.#connection.listen([this.#channel, this.#pulses], listener).then(
      (end) => {
        // The client may have ended meanwhile.
        if (this.#state !== "opening") return end();
        this.#state = "open";
        this.#end = end;
        this.#send(performance.now());
      },
      () => this.#stop(),
    );
  }

  #send(now: number): void {
    this.#sentAt = now;
    this.#pulse += 1;
    this.#connection.publish(this.#pulses, String(this.#pulse)).catch(() => undefined);
  }

  /** A pulse that is under way proves nothing any more. */
  #break(): void {
    this.#pulse += 1;
    this.#provenAt = Number.NEGATIVE_INFINITY;
    this.#broken();
  }

  #stop(): void {
    this.#state = "none";
    this.#end();
    this.#end = () => {};
    this.#break();
  }
}
