// Where an issuer's keys are: in its options, or at an address. All issuers of one address share
// what is fetched from there. Which keys of a set an issuer may use is decided for each of them.

import type { Core } from "../core.js";
import type { IssuerSettings } from "../options/issuer.js";
import { keySetOf } from "../options/secrets.js";
import type { VerifierEvent } from "../options/types.js";
import { VerifyError } from "../request/error.js";
import type { Key } from "./crypto.js";
import { KeySet } from "./key-set.js";
import type { Asker, Call, LoadedSet, Remote } from "./remote.js";

export interface Candidates {
  readonly loaded: LoadedSet;
  readonly keys: readonly Key[];
  /** Where they are looked for when the token comes again. */
  readonly source: KeySource;
}

/** The keys of one issuer. */
export interface KeyFinder {
  /** The keys that may have signed a token, never none. */
  find(alg: string, kid: string | null, call: Call): Promise<Candidates>;
  /** The set as it stands, renewed where it must be; absent where there is no one set. */
  current?(call: Call): Promise<LoadedSet>;
  /** What it shares with other issuers; absent where it has nothing to fetch ahead. */
  readonly shared?: object;
}

/** The same, of one set. */
export interface KeySource extends KeyFinder {
  /** The set when it needs no waiting. */
  peek(now: number): LoadedSet | null;
  current(call: Call): Promise<LoadedSet>;
}

/** The set of an issuer's options; without one, its secrets. */
class GivenSet {
  readonly #issuer: IssuerSettings;
  #set: KeySet | null = null;

  constructor(issuer: IssuerSettings) {
    this.#issuer = issuer;
  }

  get inUse(): KeySet | null {
    return this.#set;
  }

  read(core: Core): KeySet {
    const { bundled, secrets } = this.#issuer;
    return (this.#set ??= KeySet.read(bundled ?? keySetOf(secrets), core, bundled === null));
  }
}

/** The keys of an issuer without an address: its set is fresh for good. */
export class GivenKeys implements KeySource {
  readonly #issuer: IssuerSettings;
  readonly #set: GivenSet;
  #loaded: LoadedSet | null = null;
  readonly shared: object = this;

  constructor(issuer: IssuerSettings) {
    this.#issuer = issuer;
    this.#set = new GivenSet(issuer);
  }

  peek(): LoadedSet | null {
    return this.#loaded;
  }

  async current({ core, now }: Call): Promise<LoadedSet> {
    return (this.#loaded ??= {
      set: this.#set.read(core),
      etag: undefined,
      fetchedAt: now,
      freshFrom: -Infinity,
      freshUntil: Infinity,
      source: "bundled",
    });
  }

  async find(alg: string, kid: string | null, call: Call): Promise<Candidates> {
    const loaded = await this.current(call);
    const keys = loaded.set.candidates(alg, kid, this.#issuer.issuer, call.core);
    if (keys.length === 0) throw new VerifyError("key.unknown");
    return { loaded, keys, source: this };
  }
}

/** The keys that an issuer publishes at an address. */
export class PublishedKeys implements KeySource {
  readonly #issuer: IssuerSettings;
  readonly #asker: Asker;
  readonly shared: Remote;

  constructor(issuer: IssuerSettings, shared: Remote, tell: Asker["tell"]) {
    this.#issuer = issuer;
    this.shared = shared;
    this.#asker = { bundled: issuer.bundled === null ? null : new GivenSet(issuer), tell };
  }

  peek(now: number): LoadedSet | null {
    return this.shared.peek(now);
  }

  current(call: Call): Promise<LoadedSet> {
    return this.shared.current(this.#asker, call);
  }

  find(alg: string, kid: string | null, call: Call): Promise<Candidates> {
    return this.shared.find(this.#asker, call, (loaded) => {
      const keys = loaded.set.candidates(alg, kid, this.#issuer.issuer, call.core);
      return keys.length === 0 ? null : { loaded, keys, source: this };
    });
  }
}

/** What is told of the keys of an issuer. */
export function toldOf(
  issuer: string,
  tell: (event: VerifierEvent) => void,
): NonNullable<Asker["tell"]> {
  return (outcome, set, core) => {
    if (set !== undefined && set.describe === undefined) return;
    const event = { type: "jwks", issuer, outcome } as const;
    const { keys, skipped } = (core && set?.describe?.(core)) ?? {};
    tell(keys && skipped ? { ...event, keys: keys.length, skipped } : event);
  };
}
