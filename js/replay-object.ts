// The entry point `tokenkeep/replay-object`: the class of the Durable Objects in which
// `durableReplay` of `tokenkeep/edge` remembers DPoP proofs. It loads no wasm.

import type { Question } from "./edge/dpop/durable-replay.js";
import { MOST_PROOFS, SeenProofs } from "./edge/dpop/seen-proofs.js";

/** What is used of Cloudflare's `DurableObjectState`. */
export interface ReplayObjectState {
  /** Runs before any request reaches the object. */
  blockConcurrencyWhile<T>(load: () => Promise<T>): Promise<T>;
  readonly storage: {
    /** All entries. */
    list(): Promise<Map<string, unknown>>;
    /** Writes one entry. */
    put(key: string, value: unknown): Promise<void>;
    /** Removes entries, 128 at most. */
    delete(keys: string[]): Promise<unknown>;
    /** Has `alarm()` called at this moment, in milliseconds since the epoch. */
    setAlarm(at: number): Promise<void>;
    /** When it will be called; null: not at all. */
    getAlarm(): Promise<number | null>;
  };
}

/** Keys that one call of the storage deletes at most. */
const AT_ONCE = 128;
/** Milliseconds between two looks at what has expired. */
const PAUSE = 60_000;

/**
 * The class of the Durable Objects of `durableReplay`. Export it from the Worker, and name it in
 * the binding and in a migration. An object whose proofs have expired holds nothing.
 */
export class ReplayObject {
  readonly #storage: ReplayObjectState["storage"];
  readonly #seen = new SeenProofs(MOST_PROOFS);
  #hasAlarm = false;

  /** Called by the runtime. Reads what is remembered before any request reaches the object. */
  constructor(state: ReplayObjectState) {
    this.#storage = state.storage;
    void state.blockConcurrencyWhile(async () => {
      const now = Date.now() / 1000;
      for (const [name, until] of await this.#storage.list())
        this.#seen.isFirst({ name, expiresAt: until as number }, now);
      this.#hasAlarm = (await this.#storage.getAlarm()) !== null;
    });
  }

  /** Answers what `durableReplay` asks. Nothing else reaches a Durable Object. */
  async fetch(request: Request): Promise<Response> {
    const { name, until } = (await request.json()) as Question;
    // Nothing is awaited between the look and the note.
    const isFirst = this.#seen.isFirst({ name, expiresAt: until }, Date.now() / 1000);
    if (isFirst) {
      const kept = this.#storage.put(name, until);
      if (!this.#hasAlarm) {
        this.#hasAlarm = true;
        await this.#storage.setAlarm(until * 1000);
      }
      await kept;
    }
    return Response.json(isFirst);
  }

  /** Forgets what has expired. */
  async alarm(): Promise<void> {
    // Whoever comes while this waits sets the next one.
    this.#hasAlarm = false;
    const now = Date.now() / 1000;
    const kept = [...(await this.#storage.list())];
    const expired = kept.filter(([, until]) => (until as number) <= now).map(([name]) => name);
    for (let from = 0; from < expired.length; from += AT_ONCE)
      await this.#storage.delete(expired.slice(from, from + AT_ONCE));
    if (expired.length === kept.length || this.#hasAlarm) return;
    this.#hasAlarm = true;
    await this.#storage.setAlarm(Date.now() + PAUSE);
  }
}
