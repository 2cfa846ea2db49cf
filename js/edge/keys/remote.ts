// What is published at one address, such as a key set: isolate memory, then a store that isolates
// share, then the network. This file awaits; src/verify/freshness.rs decides. On Workers only
// settled values and moments are kept between requests. A request that is cancelled during a fetch
// leaves a stamp behind, and nothing that another request could wait for in vain.
//
// After each await the rules are asked again before anything is assigned. The simulator in
// tests/sim/edge/key_sets.rs takes the steps of this file and of renewals.ts in the same order.
// Change them together.

import { withoutDelay } from "../../shared/patience.js";
import type { Core } from "../core.js";
import { type JwksSettings, readClock } from "../options/read.js";
import type { JwksStore, StoredJwks } from "../options/store-types.js";
import type { VerifierEvent } from "../options/types.js";
import { VerifyError } from "../request/error.js";
import type { ExecutionContextLike } from "../result/verified.js";
import { type Fetched, fetchBody } from "./fetch.js";
import type { KeySet } from "./key-set.js";
import { type Party, type Renewal, Renewals } from "./renewals.js";
import { keepAlive } from "./scope.js";
import { digestOf } from "./stores.js";

/**
 * What an answer held. A new object for each change: what was remembered with an older one counts
 * no more.
 */
export interface Published extends Pick<KeySet, "candidates"> {
  equals(other: Published, core: Core): boolean;
  /** Absent where it is no set of keys. Nothing is told of it then but that it can't be had. */
  describe?: KeySet["describe"];
}

/** How an answer is asked for, and how it is read. */
export interface RemoteSettings extends JwksSettings {
  /** @throws {VerifyError} malformed, after `codes`, and what else is wrong */
  read(body: string | Uint8Array, core: Core): Published;
}

export interface LoadedSet {
  readonly set: Published;
  readonly etag: string | undefined;
  readonly fetchedAt: number;
  /** Between these two moments it is fresh. */
  readonly freshFrom: number;
  readonly freshUntil: number;
  /** "memory" for every call but the one that read it; what is bundled stays "bundled". */
  readonly source: "memory" | "store" | "network" | "bundled";
}

/** What a renewal has put into memory; null when it failed, or another one was quicker. */
type Read = { readonly loaded: LoadedSet; readonly source: "store" | "network" } | null;

/** How a wait for a renewal ends. */
type End = Read | "never";

/** One verification that needs what is published. */
export interface Call extends Party {
  readonly core: Core;
  readonly now: number;
}

type JwksOutcome = Extract<VerifierEvent, { type: "jwks" }>["outcome"];

/** For whom a call asks. Several may ask at one address. */
export interface Asker {
  /** What serves until the address was ever reached. */
  readonly bundled: { read(core: Core): Published; readonly inUse: Published | null } | null;
  /** Null when nobody listens: what an event says of a set takes reading all of its keys. */
  readonly tell: ((outcome: JwksOutcome, set?: Published, core?: Core) => void) | null;
}

/** What a header can carry (RFC 9110 section 8.8.3); a store may hold anything. */
const ETAG = /^(W\/)?"[\x21\x23-\x7e]*"$/;

export class Remote {
  readonly #uri: string;
  readonly #settings: RemoteSettings;
  readonly #clock: () => number;
  /** The state of the rules, which they alone read. Null until the wasm is there. */
  #numbers: Float64Array | null = null;
  /** Nothing that is bundled: that is the asker's own. */
  #loaded: LoadedSet | null = null;
  #lastFailure: VerifyError | null = null;
  readonly #renewals: Renewals<Read>;

  constructor(uri: string, settings: RemoteSettings, clock: () => number) {
    this.#uri = uri;
    this.#settings = settings;
    this.#clock = clock;
    this.#renewals = new Renewals(clock, settings.timeout);
  }

  /** The set in memory, if it is fresh. */
  peek(now: number): LoadedSet | null {
    const loaded = this.#loaded;
    return loaded !== null && now < loaded.freshUntil && now >= loaded.freshFrom ? loaded : null;
  }

  /** What `pick` finds, null for nothing. It is called again after each renewal. */
  async find<U>(asker: Asker, call: Call, pick: (loaded: LoadedSet) => U | null): Promise<U> {
    let loaded = this.peek(call.now) ?? (await this.current(asker, call));
    let waited: "join" | "fetch" | null = null;
    for (;;) {
      const found = pick(loaded);
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
      // What was loaded before this wait may have passed its ceiling meanwhile.
      loaded = await this.#ready(asker, call, readClock(this.#clock), end, true);
    }
  }

  /** The set as it stands, renewed where it must be. */
  current(asker: Asker, call: Call): Promise<LoadedSet> {
    return this.#ready(asker, call, call.now, null, false);
  }

  /** `hasTried`: the call has waited for a renewal already, and this was its `end`. */
  async #ready(
    asker: Asker,
    call: Call,
    now: number,
    end: End,
    hasTried: boolean,
  ): Promise<LoadedSet> {
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
      const loaded = this.#given(end) ?? this.#bundled(asker, call.core);
      if (loaded === null) throw this.#unreachable(call.core, now);
      if (step !== "serve") asker.tell?.("served-stale", loaded.set);
      return loaded;
    }
  }

  #rules({ freshness }: Core): Float64Array {
    const { maxAge, maxStale, cooldown, timeout } = this.#settings;
    return (this.#numbers ??= freshness.freshnessOf(maxAge, maxStale, cooldown, timeout));
  }

  /** What is in memory; for the call that read it, with where it comes from. */
  #given(end: End): LoadedSet | null {
    const loaded = this.#loaded;
    if (loaded === null || end === null || end === "never" || end.loaded !== loaded) return loaded;
    return { ...loaded, source: end.source };
  }

  /** What the asker brings. The rules have taken it, and count its age since. */
  #bundled({ bundled }: Asker, core: Core): LoadedSet | null {
    if (bundled === null) return null;
    const value = bundled.read(core);
    return this.#loadedBy(
      core,
      value,
      undefined,
      core.freshness.freshUntil(this.#rules(core)),
      "bundled",
    );
  }

  #begin(asker: Asker, call: Call, kind: "renew" | "fetch"): Renewal<Read> {
    const work = kind === "renew" ? () => this.#renew(asker, call) : () => this.#fetch(asker, call);
    return this.#renewals.begin(call, work);
  }

  /** Reads the store before it fetches: another isolate may have been quicker. */
  async #renew(asker: Asker, call: Call): Promise<Read> {
    const { store } = this.#settings;
    if (store === undefined) return this.#fetch(asker, call);
    // Before anything is awaited: this stamp, and no promise, holds other requests back.
    call.core.freshness.renewing(this.#rules(call.core), readClock(this.#clock));
    const read = await this.#takeCopy(asker, store, call.core);
    // The copy, or what another request has fetched while the store was read.
    if (this.peek(readClock(this.#clock)) !== null) return read;
    return (await this.#fetch(asker, call)) ?? read;
  }

  async #fetch(asker: Asker, { core, context }: Call): Promise<Read> {
    const begun = readClock(this.#clock);
    const number = core.freshness.began(this.#rules(core), begun);
    const before = this.#loaded;
    let answer: Fetched;
    let set: Published;
    try {
      const etag = this.#settings.hasEtags ? before?.etag : undefined;
      answer = await fetchBody(this.#uri, this.#settings, etag);
      // A 304 answers the ETag of `before`.
      const given = answer.body === null ? before?.set : this.#settings.read(answer.body, core);
      if (given === undefined) throw new VerifyError(`${this.#settings.codes}.malformed`);
      set = this.#sameOr(asker, given, core);
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
    const previous = this.#setFor(asker);
    const loaded = this.#keep(core, set, answer.etag, begun);
    this.#lastFailure = null;
    const isRotated = previous !== null && previous !== set;
    if (answer.body === null) asker.tell?.("not-modified", set, core);
    else asker.tell?.(isRotated ? "rotated" : "fetched", set, core);
    if (answer.body !== null) this.#toStore(core, answer.body, loaded, context);
    return { loaded, source: "network" };
  }

  /** Takes what another isolate left into memory, if it is any good. */
  async #takeCopy(asker: Asker, store: JwksStore, core: Core): Promise<Read> {
    const { maxBytes, timeout } = this.#settings;
    const found = await withoutDelay(timeout, async () => store.get(await this.#storeKey()));
    if (typeof found?.body !== "string" || found.body.length > maxBytes) return null;
    const { body, fetchedAt, etag, maxAge } = found;
    if (typeof fetchedAt !== "number") return null;
    const given = this.#readCopy(body, core);
    if (given === null) return null;
    const set = this.#sameOr(asker, given, core);
    const lifetime = typeof maxAge === "number" ? maxAge * 1000 : undefined;
    if (
      core.freshness.stored(this.#rules(core), readClock(this.#clock), fetchedAt, lifetime) ===
      "overtaken"
    )
      return null;
    const known = typeof etag === "string" && ETAG.test(etag) ? etag : undefined;
    return { loaded: this.#keep(core, set, known, fetchedAt), source: "store" };
  }

  #toStore(
    core: Core,
    answer: string | Uint8Array,
    loaded: LoadedSet,
    context: ExecutionContextLike | null,
  ): void {
    const { store, timeout } = this.#settings;
    if (store === undefined) return;
    const { fetchedAt, freshUntil, etag } = loaded;
    const ttl = Math.ceil(core.freshness.usableFor(this.#rules(core)) / 1000);
    // The answer's own text, even if an equal one is in memory: the ETag belongs to it.
    const body = typeof answer === "string" ? answer : new TextDecoder().decode(answer);
    const copy: StoredJwks = { body, fetchedAt, maxAge: (freshUntil - fetchedAt) / 1000 };
    if (etag !== undefined) copy.etag = etag;
    const put = async () => store.put(await this.#storeKey(), copy, ttl);
    keepAlive(context, withoutDelay(timeout, put));
  }

  /** Null for what can't be read: a store may hold anything. */
  #readCopy(body: string, core: Core): Published | null {
    try {
      return this.#settings.read(body, core);
    } catch (error) {
      if (error instanceof VerifyError || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  #storeKey(): Promise<string> {
    return digestOf([this.#uri, ...this.#settings.label]);
  }

  /** Puts a set into memory that the rules have just taken. */
  #keep(core: Core, set: Published, etag: string | undefined, fetchedAt: number): LoadedSet {
    return (this.#loaded = this.#loadedBy(core, set, etag, fetchedAt, "memory"));
  }

  #loadedBy(
    core: Core,
    set: Published,
    etag: string | undefined,
    fetchedAt: number,
    source: LoadedSet["source"],
  ): LoadedSet {
    const rules = this.#rules(core);
    const [from, until] = [core.freshness.freshFrom(rules), core.freshness.freshUntil(rules)];
    return { set, etag, fetchedAt, freshFrom: from, freshUntil: until, source };
  }

  /** What has served the asker last. */
  #setFor({ bundled }: Asker): Published | null {
    return this.#loaded === null ? (bundled?.inUse ?? null) : this.#loaded.set;
  }

  /** What serves now if it has the same keys, because those are imported already. */
  #sameOr(asker: Asker, set: Published, core: Core): Published {
    const now = this.#setFor(asker);
    return now !== null && set.equals(now, core) ? now : set;
  }

  #unreachable(core: Core, now: number): VerifyError {
    const cause = this.#lastFailure;
    const wait = core.freshness.retryAfter(this.#rules(core), now) / 1000;
    const code = cause?.code ?? `${this.#settings.codes}.unreachable`;
    return new VerifyError(code, { retryAfter: wait, cause });
  }
}
