// What a caller gets for a token that passed. Claims and header are frozen through and through and shared between hits; the sets are each
// caller's own.

import type { Held } from "./key-sets.js";
import type { RevocationSubject } from "./store-types.js";
import type { Claims, JoseHeader, Verified } from "./verified.js";

/** In seconds since the epoch; NaN for one that the token does not have. */
export interface Dates {
  readonly expires: number;
  readonly notBefore: number;
  readonly issued: number;
}

/** What stays true of a token. The claims are read when somebody wants them, once for all hits. */
export class Facts {
  readonly header: JoseHeader;
  readonly issuer: string;
  readonly tenant: string | null;
  readonly key: Verified["key"];
  readonly dates: Dates;
  #claims: string | Claims;

  /** `claims`: a JSON text that the wasm has checked. */
  constructor(claims: string, dates: Dates, header: JoseHeader, key: Verified["key"], issuer: string, tenant: string | null) {
    this.#claims = claims;
    this.dates = dates;
    this.header = header;
    this.key = key;
    this.issuer = issuer;
    this.tenant = tenant;
  }

  get claims(): Claims {
    if (typeof this.#claims === "string") this.#claims = frozen(JSON.parse(this.#claims) as Claims);
    return this.#claims;
  }

  get subject(): RevocationSubject {
    const { claims, issuer } = this;
    const text = (name: string) => own(claims, name, "string") ?? null;
    return { issuer, jti: text("jti"), sid: text("sid"), sub: text("sub"), iat: own(claims, "iat", "number") ?? null };
  }
}

interface Primitives {
  string: string;
  number: number;
}

/** A claim of the token's own and of the right type: never one that an object inherits. */
export function own<T extends keyof Primitives>(claims: Claims, name: string, type: T): Primitives[T] | undefined {
  const value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === type ? (value as Primitives[T]) : undefined;
}

/** Freezes what JSON.parse has made, through and through. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  // Not Object.keys: its list would be made for each claim that is an object, and for the claims.
  for (const name in value) {
    const member = value[name];
    if (typeof member === "object") frozen(member);
  }
  return Object.freeze(value);
}

class Outcome implements Verified {
  readonly header: JoseHeader;
  readonly issuer: string;
  readonly tenant: string | null;
  readonly key: Verified["key"];
  readonly cached: boolean;
  readonly keys: Verified["keys"];
  readonly #facts: Facts;
  readonly #granted: readonly string[];
  #sets: Pick<Verified, "scopes" | "roles" | "permissions"> | undefined;

  constructor(facts: Facts, cached: boolean, held: Held, now: number, granted: readonly string[]) {
    this.header = facts.header;
    this.issuer = facts.issuer;
    this.tenant = facts.tenant;
    this.key = facts.key;
    this.cached = cached;
    const source = cached && held.source !== "bundled" ? "memory" : held.source;
    this.keys = { source, ageMs: Math.max(0, now - held.fetchedAt), stale: now >= held.freshUntil };
    this.#facts = facts;
    this.#granted = granted;
  }

  get claims(): Claims {
    return this.#facts.claims;
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

  /** Everything that can be seen, the sets as lists: what `Response.json(auth)` sends. */
  toJSON(): object {
    const { claims, scopes, roles, permissions } = this;
    return { ...this, claims, scopes: [...scopes], roles: [...roles], permissions: [...permissions] };
  }

  /** Most handlers look at none of them, or at one. */
  #made(): Pick<Verified, "scopes" | "roles" | "permissions"> {
    const { claims } = this;
    return (this.#sets ??= {
      scopes: scopesOf(claims),
      roles: listed(claims, "roles"),
      permissions: new Set([...listed(claims, "permissions"), ...this.#granted]),
    });
  }
}

export function verified(facts: Facts, cached: boolean, held: Held, now: number, granted: readonly string[] = []): Verified {
  return new Outcome(facts, cached, held, now, granted);
}

/** RFC 8693 section 4.2: one text, spaces between; some authorities have `scp`, as a text or a list. Anything else grants nothing. */
function scopesOf(claims: Claims): ReadonlySet<string> {
  const name = Object.hasOwn(claims, "scope") ? "scope" : "scp";
  const text = own(claims, name, "string");
  if (text !== undefined) return new Set(text.split(" ").filter((scope) => scope !== ""));
  return name === "scp" ? listed(claims, name) : new Set();
}

function listed(claims: Claims, name: string): ReadonlySet<string> {
  const value: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === "string") return new Set([value]);
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  return new Set(isList ? (value as readonly string[]) : []);
}
