// The keys of one issuer: isolate memory, then a store that isolates share, then the network.
// Fresh, stale while a new one is fetched, stale while none can be had, gone. What is kept from one
// request to the next are settled values and moments: a request that is cancelled in the middle of
// a fetch leaves a stamp behind, and nothing that another could wait for in vain.

import type { Core } from "../core.js";
import type { IssuerSettings, JwksSettings } from "../options/read.js";
import type { StoredJwks } from "../options/store-types.js";
import type { VerifierEvent } from "../options/types.js";
import { VerifyError } from "../request/error.js";
import type { ExecutionContextLike } from "../result/verified.js";
import type { Key } from "./crypto.js";
import { clampedAge, type FetchedKeys, fetchKeys } from "./fetch.js";
import { KeySet } from "./key-set.js";
import { keepAlive } from "./scope.js";
import { digestOf, withoutDelay } from "./stores.js";

export interface Held {
  readonly set: KeySet;
  readonly etag: string | undefined;
  readonly fetchedAt: number;
  readonly freshUntil: number;
  /** "memory" for every call but the one that read it; a bundled set stays "bundled". */
  readonly source: "memory" | "store" | "network" | "bundled";
}

type JwksEvent = Extract<VerifierEvent, { type: "jwks" }>;

export interface Found {
  readonly held: Held;
  readonly keys: readonly Key[];
}

/** One verification that needs keys. */
export interface Call {
  readonly core: Core;
  readonly now: number;
  readonly context: ExecutionContextLike | null;
  /**
   * What requests may share a promise through. Null for none: then the context is not known to keep
   * anything alive either.
   */
  readonly scope: object | null;
}

const FIRST_WAIT = 1_000;

/**
 * A moment further ahead than this, in milliseconds, is of a clock that was wrong then, and binds
 * nobody.
 */
const AHEAD = 60_000;

/** What a header can carry (RFC 9110 section 8.8.3); a store may hold anything. */
const ETAG = /^(W\/)?"[\x21\x23-\x7e]*"$/;

export class KeySets {
  readonly #issuer: IssuerSettings;
  readonly #settings: JwksSettings;
  /** Null when nobody listens: what an event says of a set takes reading all of its keys. */
  readonly #tell: ((event: VerifierEvent) => void) | null;
  readonly #clock: () => number;
  #held: Held | null = null;
  /**
   * Numbers the fetches as they begin, so that an older answer never takes the place of a newer
   * one.
   */
  #begun = 0;
  #applied = 0;
  /** How many fetches had begun when the set in memory was taken from the store. */
  #begunBeforeStore = 0;
  #lastBegan = -Infinity;
  /** Before this moment a stale set is not asked for again. */
  #notBefore = -Infinity;
  #failures = 0;
  #lastFailure: VerifyError | null = null;
  /** By scope, for as long as it lasts. */
  readonly #underWay = new WeakMap<object, Promise<Held>>();

  constructor(
    issuer: IssuerSettings,
    settings: JwksSettings,
    clock: () => number,
    tell: ((event: VerifierEvent) => void) | null,
  ) {
    this.#issuer = issuer;
    this.#settings = settings;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The set when it needs no waiting. */
  peek(now: number): Held | null {
    const held = this.#held;
    return held !== null && now < held.freshUntil && now >= held.fetchedAt ? held : null;
  }

  /** The keys that may have signed a token, never none. */
  async find(alg: string, kid: string | null, call: Call): Promise<Found> {
    let held = this.peek(call.now) ?? (await this.current(call));
    let keys = held.set.candidates(alg, kid, call.core);
    if (keys.length === 0 && this.#issuer.jwksUri !== null) {
      // The authority may have a new key. The store is not asked: it can be as old as we are.
      held = await this.#lookAgain(held, call);
      keys = held.set.candidates(alg, kid, call.core);
    }
    if (keys.length > 0) return { held, keys };
    // While the endpoint fails nobody can say that the key does not exist.
    if (this.#lastFailure !== null) throw this.#unreachable(call.now);
    throw new VerifyError("key.unknown");
  }

  async #lookAgain(held: Held, call: Call): Promise<Held> {
    const underWay = this.#shared(call);
    const since = call.now - this.#lastBegan;
    if (underWay === undefined && since < this.#settings.cooldown && since > -AHEAD)
      return this.#held ?? held;
    try {
      return await (underWay ?? this.#renew(call));
    } catch {
      return this.#held ?? held;
    }
  }

  /** The set as it stands, renewed where it must be. */
  async current(call: Call): Promise<Held> {
    if (this.#issuer.jwksUri === null) return (this.#held ??= this.#bundledSet(call, Infinity));
    const fresh = this.peek(call.now);
    if (fresh !== null) return fresh;
    const read = this.#held === null ? await this.#fromStore(call) : null;
    if (read !== null && call.now < read.freshUntil) return read;
    const standing = this.#held;
    const held = read ?? standing;
    const { maxStale } = this.#settings;
    if (held === null || call.now >= held.freshUntil + maxStale) return this.#cold(call);
    if (call.now < held.freshUntil && call.now > held.fetchedAt - AHEAD) return held;
    const stale = () => {
      this.#say("served-stale");
      return this.#held === standing ? held : (this.#held ?? held);
    };
    if (this.#mustWait(call.now)) {
      const shared = call.context === null ? this.#shared(call) : undefined;
      return shared === undefined ? stale() : shared.catch(stale);
    }
    const isKeptAlive = call.context !== null && call.scope !== null;
    if (isKeptAlive && call.now < held.freshUntil + (held.freshUntil - held.fetchedAt)) {
      this.#refresh(call).catch(() => undefined);
      return stale();
    }
    return this.#refresh(call).catch(stale);
  }

  async #cold(call: Call): Promise<Held> {
    if (this.#failures > 0 && this.#mustWait(call.now)) {
      const shared = this.#shared(call);
      if (shared === undefined)
        return this.#lastGood(call) ?? Promise.reject(this.#unreachable(call.now));
    }
    try {
      return await (this.#shared(call) ?? this.#renew(call));
    } catch (error) {
      const last = this.#lastGood(call);
      if (last === null) throw error;
      return last;
    }
  }

  /**
   * The set that serves when none could be fetched: one that has come meanwhile, or the bundled one
   * while the endpoint has never been reached. That is stale from its first use on.
   */
  #lastGood(call: Call): Held | null {
    const held = this.#held;
    if (held !== null) return call.now < held.freshUntil + this.#settings.maxStale ? held : null;
    if (this.#issuer.bundled === null) return null;
    this.#say("served-stale");
    return (this.#held = this.#bundledSet(call, call.now));
  }

  #bundledSet({ core, now }: Call, freshUntil: number): Held {
    const { bundled, secret } = this.#issuer;
    const set = KeySet.read(bundled ?? secretSet(secret), core, secret !== null);
    return { set, etag: undefined, fetchedAt: now, freshUntil, source: "bundled" };
  }

  /** Staleness: another isolate may have been quicker. */
  #refresh(call: Call): Promise<Held> {
    this.#stamp(call.now);
    if (this.#settings.store === undefined) return this.#renew(call);
    return this.#share(call, async () => {
      const read = await this.#fromStore(call);
      if (read !== null && call.now < read.freshUntil) {
        this.#notBefore = -Infinity;
        return read;
      }
      // Another request may have fetched while the store was read.
      return this.peek(call.now) ?? this.#fetch(call);
    });
  }

  #shared({ scope }: Call): Promise<Held> | undefined {
    return scope === null ? undefined : this.#underWay.get(scope);
  }

  /** Before anything is awaited: this, and not a promise, is what holds other requests back. */
  #stamp(now: number): void {
    this.#lastBegan = now;
    this.#notBefore =
      now + Math.min(this.#settings.cooldown, FIRST_WAIT * 2 ** Math.min(this.#failures, 20));
  }

  #mustWait(now: number): boolean {
    return now < this.#notBefore && this.#notBefore - now <= this.#settings.cooldown + AHEAD;
  }

  #renew(call: Call): Promise<Held> {
    return this.#share(call, () => {
      this.#stamp(call.now);
      return this.#fetch(call);
    });
  }

  /**
   * What is under way for the scope, or else `work`, which a context keeps alive: a client that
   * hangs up takes nothing from the others.
   */
  #share(call: Call, work: () => Promise<Held>): Promise<Held> {
    const shared = this.#shared(call);
    if (shared !== undefined) return shared;
    const renewal = work();
    const { scope, context } = call;
    keepAlive(context, renewal);
    if (scope === null) return renewal;
    const kept = renewal.finally(() => this.#underWay.delete(scope));
    this.#underWay.set(scope, kept);
    return kept;
  }

  async #fetch(call: Call): Promise<Held> {
    const sequence = ++this.#begun;
    const uri = this.#issuer.jwksUri ?? "";
    const before = this.#held?.source === "bundled" ? undefined : this.#held;
    let answer: FetchedKeys;
    let set: KeySet | null;
    try {
      answer = await fetchKeys(uri, before?.etag, this.#settings);
      set = answer.body === null ? (before?.set ?? null) : KeySet.read(answer.body, call.core);
      if (set === null) throw new VerifyError("jwks.malformed");
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      if (sequence > this.#applied) {
        this.#failures += 1;
        this.#lastFailure = error;
        this.#notBefore =
          this.#clock() +
          Math.min(this.#settings.cooldown, FIRST_WAIT * 2 ** Math.min(this.#failures - 1, 20));
      }
      this.#say("failed");
      throw this.#unreachable(this.#clock(), error);
    }
    const previous = this.#held;
    if (previous !== null && this.#isOlder(sequence, call.now)) return previous;
    this.#applied = sequence;
    const held = this.#made(set, answer, call);
    this.#held = inMemory(held);
    this.#failures = 0;
    this.#lastFailure = null;
    this.#notBefore = -Infinity;
    if (answer.body === null) this.#say("not-modified", held.set, call);
    else
      this.#say(
        previous === null || previous.set === held.set ? "fetched" : "rotated",
        held.set,
        call,
      );
    if (answer.body !== null) this.#toStore(answer.body, held, call.context);
    return held;
  }

  /** Whether what an answer of this fetch says was overtaken while it was on its way. */
  #isOlder(sequence: number, began: number): boolean {
    if (sequence < this.#applied) return true;
    // Fetches are in order among themselves; beside a copy from the store only the moment counts.
    return sequence <= this.#begunBeforeStore && began < (this.#held?.fetchedAt ?? -Infinity);
  }

  #made(set: KeySet, { etag, maxAge }: FetchedKeys, { core, now }: Call): Held {
    return {
      set: this.#sameOr(set, core),
      etag,
      fetchedAt: now,
      freshUntil: now + (maxAge ?? this.#settings.maxAge),
      source: "network",
    };
  }

  /** The set that is held if the new one holds the same: what was made of its keys stays good. */
  #sameOr(set: KeySet, core: Core): KeySet {
    return this.#held?.set.equals(set, core) === true ? this.#held.set : set;
  }

  /**
   * Takes what another isolate left into memory, if it is any good: a key set, of a moment in the
   * past, not too old, and newer than the set that memory holds by then. Null: it was not.
   */
  async #fromStore({ core, now }: Call): Promise<Held | null> {
    const { store, maxAge, maxStale, maxBytes, timeout } = this.#settings;
    if (store === undefined) return null;
    const stored = await withoutDelay(timeout, async () => store.get(await this.#storeKey()));
    if (typeof stored?.body !== "string" || stored.body.length > maxBytes) return null;
    const { fetchedAt, body, etag } = stored;
    const lifetime = typeof stored.maxAge === "number" ? clampedAge(stored.maxAge * 1000) : maxAge;
    const age = typeof fetchedAt === "number" ? now - fetchedAt : Number.NaN;
    if (!(age >= 0 && age < lifetime + maxStale)) return null;
    // Looked at after the read: a fetch may have ended while the store was asked.
    const before = this.#held;
    if (before !== null && before.source !== "bundled" && fetchedAt <= before.fetchedAt)
      return null;
    const set = storedSet(body, core);
    if (set === null) return null;
    const known = typeof etag === "string" && ETAG.test(etag) ? etag : undefined;
    const read: Held = {
      set: this.#sameOr(set, core),
      etag: known,
      fetchedAt,
      freshUntil: fetchedAt + lifetime,
      source: "store",
    };
    this.#held = inMemory(read);
    this.#begunBeforeStore = this.#begun;
    return read;
  }

  #toStore(
    answer: Uint8Array,
    { fetchedAt, freshUntil, etag }: Held,
    context: ExecutionContextLike | null,
  ): void {
    const { store, maxStale, timeout } = this.#settings;
    if (store === undefined) return;
    const maxAge = (freshUntil - fetchedAt) / 1000;
    // As it came, and not as a set that is equal has it: the etag is of this one.
    const body = new TextDecoder().decode(answer);
    const stored: StoredJwks = { body, fetchedAt, maxAge, ...(etag === undefined ? {} : { etag }) };
    const put = withoutDelay(timeout, async () =>
      store.put(await this.#storeKey(), stored, Math.ceil(maxAge + maxStale / 1000)),
    );
    keepAlive(context, put);
  }

  #storeKey(): Promise<string> {
    return digestOf([this.#issuer.issuer, this.#issuer.jwksUri ?? ""]);
  }

  #unreachable(now: number, cause = this.#lastFailure): VerifyError {
    return new VerifyError(cause?.code ?? "jwks.unreachable", {
      retryAfter: Math.max(1, (this.#notBefore - now) / 1000),
      cause,
    });
  }

  #say(outcome: JwksEvent["outcome"], set?: KeySet, call?: Call): void {
    if (this.#tell === null) return;
    const event = { type: "jwks", issuer: this.#issuer.issuer, outcome } as const;
    if (set === undefined || call === undefined) return this.#tell(event);
    const { keys, skipped } = set.describe(call.core);
    this.#tell({ ...event, keys: keys.length, skipped });
  }
}

/** What later calls get of a set that this one has read. */
function inMemory(read: Held): Held {
  return { ...read, source: "memory" };
}

/** Null for what is no key set: a store may hold anything. */
function storedSet(body: string, core: Core): KeySet | null {
  try {
    return KeySet.read(body, core);
  } catch (error) {
    if (error instanceof VerifyError) return null;
    throw error;
  }
}

/** A secret as a set of one key. */
function secretSet(secret: Uint8Array | null): string {
  const k = btoa(String.fromCharCode(...(secret ?? [])))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
  return JSON.stringify({ keys: [{ kty: "oct", k }] });
}
