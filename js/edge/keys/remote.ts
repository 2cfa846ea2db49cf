// What is published at one address, such as a key set: isolate memory, then a store that isolates
// share, then the network. This file awaits; src/verify/freshness.rs decides. On Workers only
// settled values and moments are kept between requests. A request that is cancelled during a fetch
// leaves a stamp behind, and nothing that another request could wait for in vain.
//
// After each await the rules are asked again before anything is assigned. The simulator in
// tests/sim/edge/key_sets.rs takes the steps of this file and of renewals.ts in the same order.
// Change them together.

import type { Core } from "../core.js";
import { type JwksSettings, readClock } from "../options/read.js";
import type { JwksStore, StoredJwks } from "../options/store-types.js";
import type { VerifierEvent } from "../options/types.js";
import { VerifyError } from "../request/error.js";
import type { ExecutionContextLike } from "../result/verified.js";
import { type Fetched, fetchBody } from "./fetch.js";
import { type Party, type Renewal, Renewals } from "./renewals.js";
import { keepAlive } from "./scope.js";
import { digestOf, withoutDelay } from "./stores.js";

/** A kind of things that are published. */
export interface Kind<T> {
  /** The codes of its errors begin with this. */
  readonly codes: "jwks";
  readonly accept: string;
  /** With the address, the name of its copies in a store. */
  readonly label: readonly string[];
  /** Reads the answer of an address, or a copy of it; throws a VerifyError for one that is bad. */
  read(text: string | Uint8Array, core: Core): T;
  /** Whether two of them say the same. */
  equals(one: T, other: T, core: Core): boolean;
}

export interface Held<T> {
  readonly value: T;
  readonly etag: string | undefined;
  readonly fetchedAt: number;
  /** Between these two moments it is fresh. */
  readonly freshFrom: number;
  readonly freshUntil: number;
  /** "memory" for every call but the one that read it; what is bundled stays "bundled". */
  readonly source: "memory" | "store" | "network" | "bundled";
}

/** What a renewal has put into memory; null when it failed, or another one was quicker. */
type Read<T> = { readonly held: Held<T>; readonly source: "store" | "network" } | null;

/** How a wait for a renewal ends. */
type End<T> = Read<T> | "never";

/** One verification that needs what is published. */
export interface Call extends Party {
  readonly core: Core;
  readonly now: number;
}

type JwksOutcome = Extract<VerifierEvent, { type: "jwks" }>["outcome"];

/** For whom a call asks. Several may ask at one address. */
export interface Asker<T> {
  /** What serves until the address was ever reached. */
  readonly bundled: { read(core: Core): T; readonly inUse: T | null } | null;
  /** Null when nobody listens: what an event says of a set takes reading all of its keys. */
  readonly tell: ((outcome: JwksOutcome, value?: T, core?: Core) => void) | null;
}

/** What a header can carry (RFC 9110 section 8.8.3); a store may hold anything. */
const ETAG = /^(W\/)?"[\x21\x23-\x7e]*"$/;

export class Remote<T> {
  readonly #uri: string;
  readonly #kind: Kind<T>;
  readonly #settings: JwksSettings;
  readonly #clock: () => number;
  /** What the rules know; theirs alone to read. Null until the wasm is there. */
  #known: Float64Array | null = null;
  /** Nothing that is bundled: that is the asker's own. */
  #held: Held<T> | null = null;
  #lastFailure: VerifyError | null = null;
  readonly #renewals: Renewals<Read<T>>;

  constructor(uri: string, kind: Kind<T>, settings: JwksSettings, clock: () => number) {
    this.#uri = uri;
    this.#kind = kind;
    this.#settings = settings;
    this.#clock = clock;
    this.#renewals = new Renewals(clock, settings.timeout);
  }

  /** What is held when it needs no waiting. */
  peek(now: number): Held<T> | null {
    const held = this.#held;
    return held !== null && now < held.freshUntil && now >= held.freshFrom ? held : null;
  }

  /** What `pick` finds, null for nothing. It is called again after each renewal. */
  async find<U>(asker: Asker<T>, call: Call, pick: (held: Held<T>) => U | null): Promise<U> {
    let held = this.peek(call.now) ?? (await this.current(asker, call));
    let waited: "join" | "fetch" | null = null;
    for (;;) {
      const found = pick(held);
      if (found !== null) return found;
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
      const end = await this.#renewals.end(call, underWay ?? this.#begin(asker, call, "fetch"));
      if (end !== "never" || next === "fetch") waited = next;
      // What was held before this wait may have passed its ceiling meanwhile.
      held = await this.#ready(asker, call, readClock(this.#clock), end, true);
    }
  }

  /** What is held as it stands, renewed where it must be. */
  current(asker: Asker<T>, call: Call): Promise<Held<T>> {
    return this.#ready(asker, call, call.now, null, false);
  }

  /** `hasTried`: the call has waited for a renewal already, and this was its `end`. */
  async #ready(
    asker: Asker<T>,
    call: Call,
    now: number,
    end: End<T>,
    hasTried: boolean,
  ): Promise<Held<T>> {
    const isKeptAlive = call.context !== null && call.scope !== null;
    for (;;) {
      const shared = this.#renewals.shared(call);
      const step = call.core.freshness.ask(
        this.#rules(call.core),
        now,
        shared?.began,
        isKeptAlive,
        hasTried,
        asker.bundled !== null,
      );
      switch (step) {
        case "renew":
        case "join": {
          const underWay = step === "join" ? shared : undefined;
          end = await this.#renewals.end(call, underWay ?? this.#begin(asker, call, "renew"));
          hasTried = end !== "never" || step === "renew";
          now = readClock(this.#clock);
          continue;
        }
        case "renew-behind":
          this.#begin(asker, call, "renew").end.catch(() => undefined);
          break;
        case "use-bundled":
          asker.bundled?.read(call.core);
          call.core.freshness.useBundled(this.#rules(call.core), now);
          break;
        case "refuse":
          throw this.#unreachable(call.core, now);
      }
      const held = this.#given(end) ?? this.#bundled(asker, call.core);
      if (held === null) throw this.#unreachable(call.core, now);
      if (step !== "serve") asker.tell?.("served-stale");
      return held;
    }
  }

  #rules({ freshness }: Core): Float64Array {
    const { maxAge, maxStale, cooldown, timeout } = this.#settings;
    return (this.#known ??= freshness.freshnessOf(maxAge, maxStale, cooldown, timeout));
  }

  /** What is in memory; for the call that read it, with where it comes from. */
  #given(end: End<T>): Held<T> | null {
    const held = this.#held;
    if (held === null || end === null || end === "never" || end.held !== held) return held;
    return { ...held, source: end.source };
  }

  /** What the asker brings. The rules have taken it, and count its age since. */
  #bundled({ bundled }: Asker<T>, core: Core): Held<T> | null {
    if (bundled === null) return null;
    const value = bundled.read(core);
    return this.#heldBy(
      core,
      value,
      undefined,
      core.freshness.freshUntil(this.#rules(core)),
      "bundled",
    );
  }

  #begin(asker: Asker<T>, call: Call, kind: "renew" | "fetch"): Renewal<Read<T>> {
    const work = kind === "renew" ? () => this.#renew(asker, call) : () => this.#fetch(asker, call);
    return this.#renewals.begin(call, work);
  }

  /** Reads the store before it fetches: another isolate may have been quicker. */
  async #renew(asker: Asker<T>, call: Call): Promise<Read<T>> {
    const { store } = this.#settings;
    if (store === undefined) return this.#fetch(asker, call);
    // Before anything is awaited: this stamp, and no promise, holds other requests back.
    call.core.freshness.renewing(this.#rules(call.core), readClock(this.#clock));
    const read = await this.#takeCopy(asker, store, call.core);
    // The copy, or what another request has fetched while the store was read.
    if (this.peek(readClock(this.#clock)) !== null) return read;
    return (await this.#fetch(asker, call)) ?? read;
  }

  async #fetch(asker: Asker<T>, { core, context }: Call): Promise<Read<T>> {
    const begun = readClock(this.#clock);
    const number = core.freshness.began(this.#rules(core), begun);
    const before = this.#held;
    let answer: Fetched;
    let value: T;
    try {
      answer = await fetchBody(this.#uri, before?.etag, this.#kind, this.#settings);
      // A 304 answers the ETag of `before`.
      const given = answer.body === null ? before?.value : this.#kind.read(answer.body, core);
      if (given === undefined) throw new VerifyError(`${this.#kind.codes}.malformed`);
      value = this.#sameOr(asker, given, core);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      core.freshness.failed(this.#rules(core), number, begun, readClock(this.#clock));
      this.#lastFailure = error;
      asker.tell?.("failed");
      return null;
    }
    if (
      core.freshness.answered(this.#rules(core), number, begun, answer.maxAge ?? undefined) ===
      "overtaken"
    )
      return null;
    const previous = this.#valueFor(asker);
    const held = this.#keep(core, value, answer.etag, begun);
    this.#lastFailure = null;
    const isRotated = previous !== null && previous !== value;
    if (answer.body === null) asker.tell?.("not-modified", value, core);
    else asker.tell?.(isRotated ? "rotated" : "fetched", value, core);
    if (answer.body !== null) this.#toStore(core, answer.body, held, context);
    return { held, source: "network" };
  }

  /** Takes what another isolate left into memory, if it is any good. */
  async #takeCopy(asker: Asker<T>, store: JwksStore, core: Core): Promise<Read<T>> {
    const { maxBytes, timeout } = this.#settings;
    const found = await withoutDelay(timeout, async () => store.get(await this.#storeKey()));
    if (typeof found?.body !== "string" || found.body.length > maxBytes) return null;
    const { body, fetchedAt, etag, maxAge } = found;
    if (typeof fetchedAt !== "number") return null;
    const given = this.#readCopy(body, core);
    if (given === null) return null;
    const value = this.#sameOr(asker, given, core);
    const lifetime = typeof maxAge === "number" ? maxAge * 1000 : undefined;
    if (
      core.freshness.stored(this.#rules(core), readClock(this.#clock), fetchedAt, lifetime) ===
      "overtaken"
    )
      return null;
    const known = typeof etag === "string" && ETAG.test(etag) ? etag : undefined;
    return { held: this.#keep(core, value, known, fetchedAt), source: "store" };
  }

  /** Null for what can't be read: a store may hold anything. */
  #readCopy(body: string, core: Core): T | null {
    try {
      return this.#kind.read(body, core);
    } catch (error) {
      if (error instanceof VerifyError) return null;
      throw error;
    }
  }

  #toStore(
    core: Core,
    answer: Uint8Array,
    held: Held<T>,
    context: ExecutionContextLike | null,
  ): void {
    const { store, timeout } = this.#settings;
    if (store === undefined) return;
    const { fetchedAt, freshUntil, etag } = held;
    const ttl = Math.ceil(core.freshness.usableFor(this.#rules(core)) / 1000);
    // The answer's own text, even if an equal one is in memory: the ETag belongs to it.
    const body = new TextDecoder().decode(answer);
    const copy: StoredJwks = { body, fetchedAt, maxAge: (freshUntil - fetchedAt) / 1000 };
    if (etag !== undefined) copy.etag = etag;
    const put = async () => store.put(await this.#storeKey(), copy, ttl);
    keepAlive(context, withoutDelay(timeout, put));
  }

  #storeKey(): Promise<string> {
    return digestOf([this.#uri, ...this.#kind.label]);
  }

  /** Puts a value into memory that the rules have just taken. */
  #keep(core: Core, value: T, etag: string | undefined, fetchedAt: number): Held<T> {
    return (this.#held = this.#heldBy(core, value, etag, fetchedAt, "memory"));
  }

  #heldBy(
    core: Core,
    value: T,
    etag: string | undefined,
    fetchedAt: number,
    source: Held<T>["source"],
  ): Held<T> {
    const rules = this.#rules(core);
    const [from, until] = [core.freshness.freshFrom(rules), core.freshness.freshUntil(rules)];
    return { value, etag, fetchedAt, freshFrom: from, freshUntil: until, source };
  }

  /** What has served the asker last. */
  #valueFor({ bundled }: Asker<T>): T | null {
    return this.#held === null ? (bundled?.inUse ?? null) : this.#held.value;
  }

  /** What serves now if it says the same, because its keys are imported already. */
  #sameOr(asker: Asker<T>, value: T, core: Core): T {
    const now = this.#valueFor(asker);
    return now !== null && this.#kind.equals(now, value, core) ? now : value;
  }

  #unreachable(core: Core, now: number): VerifyError {
    const cause = this.#lastFailure;
    const wait = core.freshness.retryAfter(this.#rules(core), now) / 1000;
    const code = cause?.code ?? `${this.#kind.codes}.unreachable`;
    return new VerifyError(code, { retryAfter: wait, cause });
  }
}
