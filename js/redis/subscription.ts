// What this process hears of changes in Redis, and how long it may believe that it has heard of all
// of them. A pulse is a message that it sends to itself. One that comes back has passed the server
// and the subscription, and all changes that were published before it have come before it. It is
// good for half a second from when it was sent. So whatever happens to the connection, nobody
// believes an answer that a change made wrong more than half a second ago.

import type { Connection, Listening } from "./connection.js";

/** Milliseconds that a pulse is good for. The next one is sent when half of them are over. */
const PULSE = 500;
/** Milliseconds between two attempts to subscribe. */
const PAUSE = 1_000;
/** Milliseconds without a pulse after which a subscription is taken for dead. */
const DEAF = 5_000;

export class Subscription {
  readonly #connection: Connection;
  readonly #channel: string;
  readonly #heard: (message: string) => void;
  readonly #broken: () => void;
  #listening: Listening | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** The channel of this process alone. */
  #pulses = "";
  #pulse = 0;
  /** Infinite while there is no subscription. */
  #sentAt = Number.POSITIVE_INFINITY;
  /** When the last pulse was sent that has come back. */
  #provenAt = Number.NEGATIVE_INFINITY;
  /** Since when a pulse has been waited for. */
  #waitsSince = Number.POSITIVE_INFINITY;

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
    connection.onEnd(() => this.#stop(this.#listening));
  }

  /**
   * Whether all changes until half a second ago have been heard of. Has the next pulse sent when it
   * is due.
   */
  isAlive(): boolean {
    const now = performance.now();
    if (now - this.#sentAt > PULSE / 2) this.#send(now);
    return now - this.#provenAt < PULSE;
  }

  /** Subscribes, if that is to be done. To be called when the client is known to work. */
  open(): void {
    const now = performance.now();
    if (now - this.#waitsSince > DEAF) this.#stop(this.#listening);
    if (this.#listening !== null || now - this.#triedAt < PAUSE) return;
    this.#triedAt = this.#waitsSince = now;
    this.#pulses = `${this.#channel}:${crypto.randomUUID()}`;
    const listening: Listening = this.#connection.listen([this.#channel, this.#pulses], {
      heard: (channel, message) => {
        if (channel === this.#channel) this.#heard(message);
        else if (message === String(this.#pulse)) {
          this.#provenAt = this.#sentAt;
          this.#waitsSince = Number.POSITIVE_INFINITY;
        }
      },
      broken: () => this.#stop(listening),
    });
    this.#listening = listening;
    listening.begun.then(
      () => {
        if (this.#listening === listening) this.#send(performance.now());
      },
      () => this.#stop(listening),
    );
  }

  #send(now: number): void {
    this.#sentAt = now;
    this.#waitsSince = Math.min(this.#waitsSince, now);
    this.#pulse += 1;
    this.#connection.publish(this.#pulses, String(this.#pulse)).catch(() => undefined);
  }

  /** Ends this subscription, if it is still the one. A pulse that is under way proves nothing. */
  #stop(listening: Listening | null): void {
    if (listening === null || listening !== this.#listening) return;
    this.#listening = null;
    this.#pulse += 1;
    this.#sentAt = this.#waitsSince = Number.POSITIVE_INFINITY;
    this.#provenAt = Number.NEGATIVE_INFINITY;
    this.#broken();
    listening.end();
  }
}
