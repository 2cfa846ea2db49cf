// The rule by which a fake keep's requests go out, as the real one's do: with the token, and with
// one refresh and one retry after a refusal.

import { remedyOf } from "../client/challenge.js";
import type { TokenKeepEvents } from "../client/types.js";

/** Milliseconds for which further refusals of a fresh token that was refused change nothing. */
const REFUSAL_MEMORY = 10_000;

/** What the rule needs of a keep. */
export interface Turns {
  /** The token, and its generation; null when nobody is signed in. */
  token(): { readonly token: string; readonly generation: number } | null;
  /** Renews the token, unless it is of a later generation already. Never rejects. */
  renew(generation: number): Promise<void>;
  emit<K extends "step-up" | "rejected-fresh-token">(type: K, event: TokenKeepEvents[K]): void;
}

/** A request of the application. */
export interface Sending<T> {
  readonly url: string;
  /** Whether it can be sent twice. */
  readonly replayable: boolean;
  /** As in `attempt`. */
  send(token: string | null): T | Promise<T>;
  refused(outcome: T): boolean | string;
}

/** The rule of one keep: it remembers the fresh token that an API refused last. */
export class Exchange {
  readonly #turns: Turns;
  #refused = 0;
  #refusedAt = 0;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Sends once, or twice. */
  async send<T>({ url, replayable, send, refused }: Sending<T>): Promise<T> {
    const lent = this.#turns.token();
    const first = await send(lent?.token ?? null);
    if (lent === null || !this.#isRenewable(refused(first), url, lent.generation)) return first;
    const isKnown = performance.now() < this.#refusedAt + REFUSAL_MEMORY;
    if (isKnown && lent.generation === this.#refused) return first;
    await this.#turns.renew(lent.generation);
    const renewed = this.#turns.token();
    if (renewed === null || renewed.generation === lent.generation || !replayable) return first;
    const second = await send(renewed.token);
    if (this.#isRenewable(refused(second), url, renewed.generation)) {
      this.#refused = renewed.generation;
      this.#refusedAt = performance.now();
      this.#turns.emit("rejected-fresh-token", { url });
    }
    return second;
  }

  /** Whether a fresh token may help; `told` is what `refused` said. */
  #isRenewable(told: boolean | string, url: string, generation: number): boolean {
    if (told === false) {
      if (generation === this.#refused) this.#refused = 0;
      return false;
    }
    const remedy = remedyOf(told === true ? "" : told);
    if (remedy) this.#turns.emit("step-up", { ...remedy, url });
    return remedy === undefined;
  }
}
