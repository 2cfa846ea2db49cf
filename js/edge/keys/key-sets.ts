// The keys of one issuer: isolate memory, then a store that isolates share, then the network. This
// file awaits; src/verify/freshness.rs decides. On Workers only settled values and moments are kept
// between requests. A request that is cancelled during a fetch leaves a stamp behind, and nothing
// that another request could wait for in vain.
//
// After each await the rules are asked again before anything is assigned. The simulator in
// tests/sim/edge/key_sets.rs takes the steps of this file and of renewals.ts in the same order.
// Change them together.

import type { Core } from "../core.js";
import { type IssuerSettings, type JwksSettings, readClock } from "../options/read.js";
import type { JwksStore, StoredJwks } from "../options/store-types.js";
import type { VerifierEvent } from "../options/types.js";
import { VerifyError } from "../request/error.js";
import type { ExecutionContextLike } from "../result/verified.js";
import type { Key } from "./crypto.js";
import { type FetchedKeys, fetchKeys } from "./fetch.js";
import { KeySet } from "./key-set.js";
import { type Party, type Renewal, Renewals } from "./renewals.js";
import { keepAlive } from "./scope.js";
import { digestOf, withoutDelay } from "./stores.js";

export interface Held {
  readonly set: KeySet;
  readonly etag: string | undefined;
  readonly fetchedAt: number;
  /** Between these two moments it is fresh. */
  readonly freshFrom: number;
  readonly freshUntil: number;
  /** "memory" for every call but the one that read it; a bundled set stays "bundled". */
  readonly source: "memory" | "store" | "network" | "bundled";
}

/** What a renewal has put into memory; null when it failed, or another one was quicker. */
type Read = { readonly held: Held; readonly source: "store" | "network" } | null;

/** How a wait for a renewal ends. */
type End = Read | "never";

type JwksEvent = Extract<VerifierEvent, { type: "jwks" }>;

export interface Found {
  readonly held: Held;
  readonly keys: readonly Key[];
}

/** One verification that needs keys. */
export interface Call extends Party {
  readonly core: Core;
  readonly now: number;
}

/** What a header can carry (RFC 9110 section 8.8.3); a store may hold anything. */
const ETAG = /^(W\/)?"[\x21\x23-\x7e]*"$/;

export class KeySets {
  readonly #issuer: IssuerSettings;
  readonly #settings: JwksSettings;
  /** Null when nobody listens: what an event says of a set takes reading all of its keys. */
  readonly #tell: ((event: VerifierEvent) => void) | null;
  readonly #clock: () => number;
  /** What the rules know; theirs alone to read. Null until the wasm is there. */
  #known: Float64Array | null = null;
  #held: Held | null = null;
  #lastFailure: VerifyError | null = null;
  readonly #renewals: Renewals<Read>;

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
    this.#renewals = new Renewals(clock, settings.timeout);
  }

  /** The set when it needs no waiting. */
  peek(now: number): Held | null {
    const held = this.#held;
    return held !== null && now < held.freshUntil && now >= held.freshFrom ? held : null;
  }

  /** The keys that may have signed a token, never none. */
  async find(alg: string, kid: string | null, call: Call): Promise<Found> {
    let held = this.peek(call.now) ?? (await this.current(call));
    let waited: "join" | "fetch" | null = null;
    for (;;) {
      const keys = held.set.candidates(alg, kid, call.core);
      if (keys.length > 0) return { held, keys };
      if (this.#issuer.jwksUri === null) throw new VerifyError("key.unknown");
      // The authority may have a new key. The store is not asked: it can be as old as we are.
      const now = readClock(this.#clock);
      const shared = waited === null ? this.#renewals.shared(call) : undefined;
      const next = call.core.freshness.look(
        this.#rules(call.core),
        call.now,
        now,
        shared?.began,
        waited === "fetch",
      );
      if (next === "unknown") throw new VerifyError("key.unknown");
      if (next === "unreachable") throw this.#unreachable(call.core, now);
      const underWay = next === "join" ? shared : undefined;
      const end = await this.#renewals.end(call, underWay ?? this.#begin(call, "fetch"));
      if (end !== "never" || next === "fetch") waited = next;
      // The set of before this wait may have passed its ceiling meanwhile.
      held = await this.#ready(call, readClock(this.#clock), end, true);
    }
  }

  /** The set as it stands, renewed where it must be. */
  current(call: Call): Promise<Held> {
    return this.#ready(call, call.now, null, false);
  }

  /** `hasTried`: the call has waited for a renewal already, and this was its `end`. */
  async #ready(call: Call, now: number, end: End, hasTried: boolean): Promise<Held> {
    const { jwksUri, bundled } = this.#issuer;
    if (jwksUri === null) return (this.#held ??= this.#alone(call));
    const isKeptAlive = call.context !== null && call.scope !== null;
    for (;;) {
      const shared = this.#renewals.shared(call);
      const hasBundled = bundled !== null;
      const step = call.core.freshness.ask(
        this.#rules(call.core),
        now,
        shared?.began,
        isKeptAlive,
        hasTried,
        hasBundled,
      );
      switch (step) {
        case "renew":
        case "join": {
          const underWay = step === "join" ? shared : undefined;
          end = await this.#renewals.end(call, underWay ?? this.#begin(call, "renew"));
          hasTried = end !== "never" || step === "renew";
          now = readClock(this.#clock);
          continue;
        }
        case "renew-behind":
          this.#begin(call, "renew").end.catch(() => undefined);
          break;
        case "use-bundled": {
          const set = this.#bundledSet(call.core);
          call.core.freshness.useBundled(this.#rules(call.core), now);
          this.#keep(call.core, set, undefined, now, "bundled");
          break;
        }
        case "refuse":
          throw this.#unreachable(call.core, now);
      }
      const held = this.#given(end);
      if (held === null) throw this.#unreachable(call.core, now);
      if (step !== "serve") this.#say("served-stale");
      return held;
    }
  }

  /** The set of an issuer without an endpoint: it is fresh for good. */
  #alone({ core, now }: Call): Held {
    const set = this.#bundledSet(core);
    const [from, until] = [-Infinity, Infinity];
    return {
      set,
      etag: undefined,
      fetchedAt: now,
      freshFrom: from,
      freshUntil: until,
      source: "bundled",
    };
  }

  #rules({ freshness }: Core): Float64Array {
    const { maxAge, maxStale, cooldown, timeout } = this.#settings;
    return (this.#known ??= freshness.freshnessOf(maxAge, maxStale, cooldown, timeout));
  }

  /** The set in memory; for the call that read it, with where it comes from. */
  #given(end: End): Held | null {
    const held = this.#held;
    if (end === null || end === "never" || end.held !== held) return held;
    return { ...held, source: end.source };
  }

  #begin(call: Call, kind: "renew" | "fetch"): Renewal<Read> {
    const work = kind === "renew" ? () => this.#renew(call) : () => this.#fetch(call);
    return this.#renewals.begin(call, work);
  }

  /** Reads the store before it fetches: another isolate may have been quicker. */
  async #renew(call: Call): Promise<Read> {
    const { store } = this.#settings;
    if (store === undefined) return this.#fetch(call);
    // Before anything is awaited: this stamp, and no promise, holds other requests back.
    call.core.freshness.renewing(this.#rules(call.core), readClock(this.#clock));
    const read = await this.#takeCopy(store, call.core);
    // The copy, or what another request has fetched while the store was read.
    if (this.peek(readClock(this.#clock)) !== null) return read;
    return (await this.#fetch(call)) ?? read;
  }

  async #fetch({ core, context }: Call): Promise<Read> {
    const begun = readClock(this.#clock);
    const number = core.freshness.began(this.#rules(core), begun);
    const before = this.#held?.source === "bundled" ? null : this.#held;
    let answer: FetchedKeys;
    let set: KeySet;
    try {
      answer = await fetchKeys(this.#issuer.jwksUri ?? "", before?.etag, this.#settings);
      // A 304 answers the ETag of `before`.
      const given = answer.body === null ? before?.set : KeySet.read(answer.body, core);
      if (given === undefined) throw new VerifyError("jwks.malformed");
      set = this.#sameOr(given, core);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      core.freshness.failed(this.#rules(core), number, begun, readClock(this.#clock));
      this.#lastFailure = error;
      this.#say("failed");
      return null;
    }
    if (
      core.freshness.answered(this.#rules(core), number, begun, answer.maxAge ?? undefined) ===
      "overtaken"
    )
      return null;
    const previous = this.#held;
    const held = this.#keep(core, set, answer.etag, begun, "memory");
    this.#lastFailure = null;
    const isRotated = previous !== null && previous.set !== set;
    if (answer.body === null) this.#say("not-modified", set, core);
    else this.#say(isRotated ? "rotated" : "fetched", set, core);
    if (answer.body !== null) this.#toStore(core, answer.body, held, context);
    return { held, source: "network" };
  }

  /** Takes what another isolate left into memory, if it is any good. */
  async #takeCopy(store: JwksStore, core: Core): Promise<Read> {
    const { maxBytes, timeout } = this.#settings;
    const found = await withoutDelay(timeout, async () => store.get(await this.#storeKey()));
    if (typeof found?.body !== "string" || found.body.length > maxBytes) return null;
    const { body, fetchedAt, etag, maxAge } = found;
    if (typeof fetchedAt !== "number") return null;
    const given = storedSet(body, core);
    if (given === null) return null;
    const set = this.#sameOr(given, core);
    const lifetime = typeof maxAge === "number" ? maxAge * 1000 : undefined;
    if (
      core.freshness.stored(this.#rules(core), readClock(this.#clock), fetchedAt, lifetime) ===
      "overtaken"
    )
      return null;
    const known = typeof etag === "string" && ETAG.test(etag) ? etag : undefined;
    return { held: this.#keep(core, set, known, fetchedAt, "memory"), source: "store" };
  }

  #toStore(core: Core, answer: Uint8Array, held: Held, context: ExecutionContextLike | null): void {
    const { store, timeout } = this.#settings;
    if (store === undefined) return;
    const { fetchedAt, freshUntil, etag } = held;
    const ttl = Math.ceil(core.freshness.usableFor(this.#rules(core)) / 1000);
    // The answer's own text, even if the set in memory is an equal one: the ETag belongs to it.
    const body = new TextDecoder().decode(answer);
    const copy: StoredJwks = { body, fetchedAt, maxAge: (freshUntil - fetchedAt) / 1000 };
    if (etag !== undefined) copy.etag = etag;
    const put = async () => store.put(await this.#storeKey(), copy, ttl);
    keepAlive(context, withoutDelay(timeout, put));
  }

  #storeKey(): Promise<string> {
    return digestOf([this.#issuer.issuer, this.#issuer.jwksUri ?? ""]);
  }

  /** Puts a set into memory that the rules have just taken. */
  #keep(
    core: Core,
    set: KeySet,
    etag: string | undefined,
    fetchedAt: number,
    source: Held["source"],
  ): Held {
    const rules = this.#rules(core);
    const [from, until] = [core.freshness.freshFrom(rules), core.freshness.freshUntil(rules)];
    return (this.#held = { set, etag, fetchedAt, freshFrom: from, freshUntil: until, source });
  }

  /** The set in memory if it has the same keys, because those are imported already. */
  #sameOr(set: KeySet, core: Core): KeySet {
    return this.#held?.set.equals(set, core) === true ? this.#held.set : set;
  }

  #bundledSet(core: Core): KeySet {
    const { bundled, secret } = this.#issuer;
    return KeySet.read(bundled ?? secretSet(secret), core, secret !== null);
  }

  #unreachable(core: Core, now: number): VerifyError {
    const cause = this.#lastFailure;
    const wait = core.freshness.retryAfter(this.#rules(core), now) / 1000;
    return new VerifyError(cause?.code ?? "jwks.unreachable", { retryAfter: wait, cause });
  }

  #say(outcome: JwksEvent["outcome"], set?: KeySet, core?: Core): void {
    if (this.#tell === null) return;
    const event = { type: "jwks", issuer: this.#issuer.issuer, outcome } as const;
    if (set === undefined || core === undefined) return this.#tell(event);
    const { keys, skipped } = set.describe(core);
    this.#tell({ ...event, keys: keys.length, skipped });
  }
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
