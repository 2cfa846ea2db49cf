// What a caller gets for a token that passed. Claims and header are deeply frozen and shared
// between hits; the sets are each caller's own.

import type { Algorithm } from "../core.js";
import type { KeySource } from "../keys/key-sets.js";
import type { LoadedSet, Published } from "../keys/remote.js";
import type { ClaimPaths } from "../options/claims.js";
import type { Issuer } from "../options/issuers.js";
import { actorsOf } from "./actors.js";
import { textsAt } from "./claim-paths.js";
import type { Actor, Claims, JoseHeader, Verified } from "./verified.js";

/** What a caller's answer is made of, whoever may have vouched for the token. */
export interface Known {
  readonly issuer: Issuer;
  readonly header: JoseHeader;
  readonly key: Verified["key"];
  /** Those that are kept. */
  readonly claims: Claims;
  readonly boundTo: string | null | undefined;
  hash(make: () => string): string;
}

/** What is remembered of a token. A few references, until it comes a second time. */
export class Facts implements Known {
  readonly issuer: Issuer;
  /** Those of the issuer that go with the algorithm. */
  readonly keys: KeySource;
  /** Remembered facts count only while this is their set. */
  readonly set: Published;
  readonly header: JoseHeader;
  readonly algorithm: Algorithm;
  readonly key: Verified["key"];
  /**
   * The thumbprint of the key that the token is bound to; null for none, undefined where nobody
   * looks.
   */
  readonly boundTo: string | null | undefined;
  #hash: string | undefined;
  #text: string | null = null;
  #claims: Claims | undefined;

  constructor(
    issuer: Issuer,
    keys: KeySource,
    set: Published,
    header: JoseHeader,
    algorithm: Algorithm,
    key: Verified["key"],
    boundTo: string | null | undefined,
  ) {
    this.issuer = issuer;
    this.keys = keys;
    this.set = set;
    this.header = header;
    this.algorithm = algorithm;
    this.key = key;
    this.boundTo = boundTo;
  }

  /** The hash of the token, made once for all hits. */
  hash(make: () => string): string {
    return (this.#hash ??= make());
  }

  /** Whether the token came only once. Most never come again, and their claims are not kept. */
  get isNew(): boolean {
    return this.#text === null;
  }

  /** Keeps the claims of a token that has come again. */
  keep(text: string): void {
    this.#text = text;
  }

  /** The claims that were kept, parsed once for all hits. */
  get claims(): Claims {
    return (this.#claims ??= claimsOf(this.#text ?? "{}"));
  }
}

function claimsOf(text: string): Claims {
  return frozen(JSON.parse(text) as Claims);
}

interface Primitives {
  string: string;
  number: number;
}

/** A claim of the token's own and of the right type: never one that an object inherits. */
export function own<T extends keyof Primitives>(
  claims: Claims,
  name: string,
  type: T,
): Primitives[T] | undefined {
  const value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === type ? (value as Primitives[T]) : undefined;
}

/** Freezes what JSON.parse has made, deeply. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  // Neither `for … in` nor a list's own names: each costs more than the parsing.
  for (const member of Array.isArray(value) ? value : Object.values(value))
    if (typeof member === "object") frozen(member);
  return Object.freeze(value);
}

/** The issuer of a token that this verifier, or another one, has let in; null for any other. */
export let issuerOf: (auth: Verified) => Issuer | null;

/** What is to be remembered of a JWT that had not been, with its claims. */
export let factsOf: (outcome: Outcome) => Facts;

/** Where it comes from, and how old it is. */
type Source = Pick<LoadedSet, "source" | "fetchedAt" | "freshUntil">;

type Sets = Pick<Verified, "scopes" | "roles" | "permissions">;

/** What a caller gets. */
export class Outcome implements Verified {
  static {
    issuerOf = (auth) => (#facts in auth ? auth.#facts.issuer : null);
    factsOf = (outcome) => {
      const facts = outcome.#facts as Facts;
      facts.keep(outcome.#text ?? "{}");
      return facts;
    };
  }

  readonly header: JoseHeader;
  readonly issuer: string;
  readonly tenant: string | null;
  readonly key: Verified["key"];
  readonly cached: boolean;
  readonly #facts: Known;
  readonly #loaded: Source;
  readonly #now: number;
  /** The claims of a token that was not remembered; null: the facts have them. */
  readonly #text: string | null;
  #claims: Claims | undefined;
  #sets: Sets | undefined;
  #proof: NonNullable<Verified["proof"]> | null = null;
  #granted: readonly string[] | undefined;

  /**
   * `loaded`: the set, or the issuer's answer, as it stands at `now`. `text`: the claims of a token
   * that was not remembered.
   */
  constructor(
    facts: Known,
    loaded: Source,
    now: number,
    text: string | null,
    cached = text === null,
  ) {
    const { settings } = facts.issuer;
    this.header = facts.header;
    this.issuer = settings.issuer;
    this.tenant = settings.tenant;
    this.key = facts.key;
    this.cached = cached;
    this.#facts = facts;
    this.#loaded = loaded;
    this.#now = now;
    this.#text = text;
  }

  // Getters: most handlers don't look at these, and each takes time to make.

  get claims(): Claims {
    return (this.#claims ??= this.#text === null ? this.#facts.claims : claimsOf(this.#text));
  }

  get keys(): Verified["keys"] {
    const { source, fetchedAt, freshUntil } = this.#loaded;
    return {
      source,
      ageMs: Math.max(0, this.#now - fetchedAt),
      stale: this.#now >= freshUntil,
    };
  }

  get scopes(): ReadonlySet<string> {
    return this.#made().scopes;
  }

  get roles(): ReadonlySet<string> {
    return this.#made().roles;
  }

  get permissions(): ReadonlySet<string> {
    return this.#made().permissions;
  }

  get actors(): readonly Actor[] {
    return actorsOf(this.claims);
  }

  get confirmation(): { readonly jkt: string } | null {
    const { boundTo } = this.#facts;
    return boundTo == null ? null : { jkt: boundTo };
  }

  get proof(): NonNullable<Verified["proof"]> | null {
    return this.#proof;
  }

  /** What `ath` of a proof has to be. */
  tokenHash(make: () => string): string {
    return this.#facts.hash(make);
  }

  /** A proof has come with the token. */
  prove(proof: NonNullable<Verified["proof"]>): void {
    this.#proof = Object.freeze(proof);
  }

  /** Adds what a policy's map gives to the roles. */
  grant(permissions: readonly string[]): void {
    this.#granted = permissions;
    this.#sets = undefined;
  }

  /** Everything that can be seen, the sets as lists: what `Response.json(auth)` sends. */
  toJSON(): object {
    const { claims, keys, scopes, roles, permissions, actors, confirmation, proof } = this;
    return {
      ...this,
      claims,
      keys,
      scopes: [...scopes],
      roles: [...roles],
      permissions: [...permissions],
      actors,
      ...(this.#facts.boundTo === undefined ? {} : { confirmation, proof }),
    };
  }

  /** A policy looks at them once for each of its rules: they are made once. */
  #made(): Sets {
    const { claimPaths } = this.#facts.issuer.settings;
    return (this.#sets ??= setsOf(this.claims, claimPaths, this.#granted));
  }
}

function setsOf(claims: Claims, paths: ClaimPaths, granted: readonly string[] = []): Sets {
  const { scopes, roles, permissions } = paths;
  const allowed = permissions ? textsAt(claims, permissions) : listed(claims, "permissions");
  return {
    scopes: scopes ? textsAt(claims, scopes) : scopesOf(claims),
    roles: roles ? textsAt(claims, roles) : listed(claims, "roles"),
    permissions: new Set([...allowed, ...granted]),
  };
}

/**
 * RFC 8693 section 4.2: a text with spaces between. Some authorities write a list of texts, or the
 * name `scp`. Anything else grants nothing.
 */
function scopesOf(claims: Claims): ReadonlySet<string> {
  const name = Object.hasOwn(claims, "scope") ? "scope" : "scp";
  const text = own(claims, name, "string");
  return text === undefined
    ? listed(claims, name)
    : new Set(text.split(" ").filter((scope) => scope !== ""));
}

function listed(claims: Claims, name: string): ReadonlySet<string> {
  const value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === "string") return new Set([value]);
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  return new Set(isList ? (value as readonly string[]) : []);
}
