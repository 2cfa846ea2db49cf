// Sessions in a store. The cookie is a random text that never changes while the session lives: a
// refresh sets no cookie, and a late answer has nothing to overwrite. The store's key is its hash,
// and the record is sealed under the text and the secret together.

import type { ExecutionContextLike } from "../../edge/result/verified.js";
import { digestOf, randomText } from "../../sealing.js";
import type { Sent } from "../cookies.js";
import {
  CannotBegin,
  type Ended,
  type Held,
  type LiveSessions,
  type Refreshed,
} from "../sessions.js";
import type { Setup } from "../setup.js";
import type { SessionRecord, SessionStore } from "../store-types.js";
import { Refreshing } from "./refreshing.js";

/** A session's id, which is the cookie, and what of it the store has. */
export interface Place {
  readonly id: string;
  readonly key: string;
}

export class StoredSessions implements LiveSessions {
  readonly #setup: Setup;
  readonly #refreshing: Refreshing;
  readonly store: SessionStore;

  constructor(store: SessionStore, setup: Setup) {
    this.store = store;
    this.#setup = setup;
    this.#refreshing = new Refreshing(this, setup);
  }

  async begin(held: Held) {
    const { cookies, settings, sealing } = this.#setup;
    const id = randomText();
    const key = await digestOf(id);
    const [sub = ""] = await sealing.names("sub", held.subject);
    const [sid = ""] = held.sid === null ? [] : await sealing.names("sid", held.sid);
    const record: SessionRecord = {
      version: 1,
      sealed: await this.seal(held, { id, key }),
      lease: null,
      retryAt: null,
      names: sid === "" ? [sub] : [sub, sid],
      startedAt: held.startedAt,
      expiresAt: this.expiryOf(held),
    };
    try {
      await this.store.create(key, record);
    } catch {
      throw new CannotBegin("provider_unavailable");
    }
    return { key, cookies: [cookies.setSession(id, settings.absolute / 1000)] };
  }

  async keyOf(sent: Sent): Promise<string | null> {
    return (await this.placeOf(sent))?.key ?? null;
  }

  drop(key: string): Promise<void> {
    return this.store.delete(key);
  }

  refresh(sent: Sent, context: ExecutionContextLike | null): Promise<Refreshed> {
    return this.#refreshing.refresh(sent, context);
  }

  async end(sent: Sent): Promise<Ended> {
    const cookies = [this.#setup.cookies.deleteSession()];
    const place = await this.placeOf(sent);
    if (place === null) return { cookies, held: null, key: null, revokesFirst: false };
    const record = await this.store.read(place.key);
    await this.store.delete(place.key);
    const held = record === null ? null : await this.unseal(record, place);
    return { cookies, held, key: place.key, revokesFirst: false };
  }

  async find(sent: Sent) {
    const place = await this.placeOf(sent);
    if (place === null) return null;
    const record = await this.store.read(place.key);
    if (record === null || record.expiresAt <= this.#setup.settings.clock()) return null;
    const held = await this.unseal(record, place);
    return held && { held, endsAt: held.startedAt + this.#setup.settings.absolute };
  }

  /** By all secrets: the name may have been made with an earlier one. */
  async endNamed(kind: "sid" | "sub", value: string, startedUpTo?: number): Promise<number> {
    let count = 0;
    for (const name of await this.#setup.sealing.names(kind, value))
      count += await this.store.deleteNamed(name, startedUpTo);
    return count;
  }

  async placeOf(sent: Sent): Promise<Place | null> {
    const id = this.#setup.cookies.session(sent);
    return id === null || !/^[\w-]{43}$/.test(id) ? null : { id, key: await digestOf(id) };
  }

  /** When it ends if nobody uses it from now on. */
  expiryOf({ startedAt }: Held): number {
    const { clock, idle, absolute } = this.#setup.settings;
    return Math.min(clock() + idle, startedAt + absolute);
  }

  seal(held: Held, { id, key }: Place): Promise<string> {
    const salt = new TextEncoder().encode(id);
    return this.#setup.sealing.seal(JSON.stringify(held), "session", key, salt);
  }

  /** Null: a secret that is gone sealed it. */
  async unseal({ sealed }: SessionRecord, { id, key }: Place): Promise<Held | null> {
    const salt = new TextEncoder().encode(id);
    const text = await this.#setup.sealing.open(sealed, "session", key, salt);
    return text === null ? null : (JSON.parse(text) as Held);
  }
}
