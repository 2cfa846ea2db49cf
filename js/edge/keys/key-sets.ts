// Where an issuer's keys are: in its options, or at an address. All issuers of one address share
// what is fetched from there. Which keys of a set an issuer may use is decided for each of them.

import type { Core } from "../core.js";
import type { IssuerSettings } from "../options/issuer.js";
import type { JwksSettings } from "../options/read.js";
import { keySetOf } from "../options/secrets.js";
import type { VerifierEvent } from "../options/types.js";
import { VerifyError } from "../request/error.js";
import type { Key } from "./crypto.js";
import { KeySet } from "./key-set.js";
import { type Asker, type Call, type Held, type Kind, Remote } from "./remote.js";

export type HeldKeys = Held<KeySet>;

export interface Found {
  readonly held: HeldKeys;
  readonly keys: readonly Key[];
}

/** The keys of one issuer. */
export interface KeySource {
  /** The set when it needs no waiting. */
  peek(now: number): HeldKeys | null;
  /** The set as it stands, renewed where it must be. */
  current(call: Call): Promise<HeldKeys>;
  /** The keys that may have signed a token, never none. */
  find(alg: string, kid: string | null, call: Call): Promise<Found>;
  /** What it shares with other issuers. */
  readonly shared: object;
}

const KEY_SETS: Kind<KeySet> = {
  codes: "jwks",
  accept: "application/jwk-set+json, application/json",
  label: [],
  read: (text, core) => KeySet.read(text, core),
  equals: (one, other, core) => one.equals(other, core),
};

/** The addresses of a verifier. */
export class Addresses {
  readonly #settings: JwksSettings;
  readonly #clock: () => number;
  readonly #most: number;
  readonly #sets = new Map<string, Remote<KeySet>>();

  /** Past `most` addresses the one is forgotten that was asked for longest ago. */
  constructor(settings: JwksSettings, clock: () => number, most: number) {
    this.#settings = settings;
    this.#clock = clock;
    this.#most = most;
  }

  keySet(uri: string): Remote<KeySet> {
    const set = this.#sets.get(uri) ?? new Remote(uri, KEY_SETS, this.#settings, this.#clock);
    this.#sets.delete(uri);
    this.#sets.set(uri, set);
    const oldest = this.#sets.keys().next();
    if (this.#sets.size > this.#most && oldest.done !== true) this.#sets.delete(oldest.value);
    return set;
  }
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
  #held: HeldKeys | null = null;
  readonly shared: object = this;

  constructor(issuer: IssuerSettings) {
    this.#issuer = issuer;
    this.#set = new GivenSet(issuer);
  }

  peek(): HeldKeys | null {
    return this.#held;
  }

  async current({ core, now }: Call): Promise<HeldKeys> {
    return (this.#held ??= {
      value: this.#set.read(core),
      etag: undefined,
      fetchedAt: now,
      freshFrom: -Infinity,
      freshUntil: Infinity,
      source: "bundled",
    });
  }

  async find(alg: string, kid: string | null, call: Call): Promise<Found> {
    const held = await this.current(call);
    const keys = held.value.candidates(alg, kid, this.#issuer.issuer, call.core);
    if (keys.length === 0) throw new VerifyError("key.unknown");
    return { held, keys };
  }
}

/** The keys that an issuer publishes at an address. */
export class PublishedKeys implements KeySource {
  readonly #issuer: IssuerSettings;
  readonly #asker: Asker<KeySet>;
  readonly shared: Remote<KeySet>;

  constructor(
    issuer: IssuerSettings,
    shared: Remote<KeySet>,
    tell: ((event: VerifierEvent) => void) | null,
  ) {
    this.#issuer = issuer;
    this.shared = shared;
    this.#asker = {
      bundled: issuer.bundled === null ? null : new GivenSet(issuer),
      tell: tell && toldOf(issuer.issuer, tell),
    };
  }

  peek(now: number): HeldKeys | null {
    return this.shared.peek(now);
  }

  current(call: Call): Promise<HeldKeys> {
    return this.shared.current(this.#asker, call);
  }

  find(alg: string, kid: string | null, call: Call): Promise<Found> {
    return this.shared.find(this.#asker, call, (held) => {
      const keys = held.value.candidates(alg, kid, this.#issuer.issuer, call.core);
      return keys.length === 0 ? null : { held, keys };
    });
  }
}

function toldOf(
  issuer: string,
  tell: (event: VerifierEvent) => void,
): NonNullable<Asker<KeySet>["tell"]> {
  return (outcome, set, core) => {
    const event = { type: "jwks", issuer, outcome } as const;
    if (set === undefined || core === undefined) return tell(event);
    const { keys, skipped } = set.describe(core);
    tell({ ...event, keys: keys.length, skipped });
  };
}
