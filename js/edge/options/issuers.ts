// The issuers of a verifier: a fixed list, or what a resolver answers. A token of an unknown issuer
// is refused here, before any key is looked for. An issuer of a resolver keeps its keys as long as
// the resolver gives the same options. Issuers with one address share what is fetched from there.

import type { Algorithm, RuleSet } from "../core.js";
import { Addresses, GivenKeys, type KeySource, PublishedKeys } from "../keys/key-sets.js";
import { VerifyError } from "../request/error.js";
import { ALGORITHMS } from "./algorithms.js";
import { invalidOption } from "./invalid.js";
import { type IssuerSettings, identityOf, readIssuer, rulesFor, type Settings } from "./read.js";
import type { IssuerOptions, VerifierEvent } from "./types.js";

/** An issuer with its keys. */
export interface Issuer {
  readonly settings: IssuerSettings;
  readonly keys: KeySource;
  /** The rules by which its tokens are read. */
  readonly rules: RuleSet;
}

/** How many tenants of a resolver keep their keys in memory. */
const MOST_TENANTS = 1_000;

export interface Issuers {
  /** Those of a list. */
  readonly known: readonly Issuer[];
  /** Whether there is a list. Without one the resolver is asked about each token. */
  readonly areKnown: boolean;
  /** Rules without an issuer, used to read `iss`. */
  readonly unmatchedRules: RuleSet;
  named(issuer: string): Issuer | Promise<Issuer>;
}

export function issuersOf(
  settings: Settings,
  tell: ((event: VerifierEvent) => void) | null,
): Issuers {
  const given = settings.issuers;
  const most = typeof given === "function" ? MOST_TENANTS : Infinity;
  const addresses = new Addresses(settings.jwks, settings.clock, most);
  const made = (one: IssuerSettings, algorithms: readonly Algorithm[]): Issuer => ({
    settings: one,
    keys: keysOf(one, addresses, tell),
    rules: rulesFor(settings, algorithms, one),
  });
  if (typeof given === "function") {
    return {
      ...resolved(given, settings, addresses, (one) => made(one, ALGORITHMS)),
      unmatchedRules: rulesFor(settings, ALGORITHMS, null),
    };
  }
  const list = Array.isArray(given)
    ? (given as readonly IssuerOptions[])
    : [given as IssuerOptions];
  if (list.length === 0) throw invalidOption("issuers", "must not be empty");
  const read = list.map((one, place) =>
    readIssuer(one, settings, list.length === 1 ? "issuers" : `issuers[${place}]`),
  );
  // A header may name what any of the issuers uses. The list of its own is looked at later.
  const algorithms = ALGORITHMS.filter((name) => read.some((one) => one.algorithms.includes(name)));
  const known = read.map((one) => made(one, algorithms));
  const byName = new Map(known.map((issuer) => [issuer.settings.issuer, issuer]));
  if (byName.size < known.length) throw invalidOption("issuers", "must not name one issuer twice");
  return {
    known,
    areKnown: true,
    unmatchedRules: rulesFor(settings, algorithms, null),
    named(name) {
      const issuer = byName.get(name);
      if (issuer === undefined) throw new VerifyError("issuer.unknown");
      return issuer;
    },
  };
}

function keysOf(
  issuer: IssuerSettings,
  addresses: Addresses,
  tell: ((event: VerifierEvent) => void) | null,
): KeySource {
  return issuer.jwksUri === null
    ? new GivenKeys(issuer)
    : new PublishedKeys(issuer, addresses.keySet(issuer.jwksUri), tell);
}

function resolved(
  resolve: (issuer: string) => IssuerOptions | null | Promise<IssuerOptions | null>,
  verifier: Settings,
  addresses: Addresses,
  made: (settings: IssuerSettings) => Issuer,
): Omit<Issuers, "unmatchedRules"> {
  const tenants = new Map<string, Issuer>();
  return {
    known: [],
    areKnown: false,
    async named(name) {
      let answer: IssuerOptions | null;
      try {
        answer = await resolve(name);
      } catch (cause) {
        throw new VerifyError("issuer.unavailable", { cause });
      }
      if (answer === null || answer === undefined) throw new VerifyError("issuer.unknown");
      const settings = readIssuer(answer, verifier);
      if (settings.issuer !== name)
        throw invalidOption("issuers", "resolved an issuer to another one");
      const identity = identityOf(settings);
      const issuer = tenants.get(identity) ?? made(settings);
      // Of two tenants with one address the older one may go first: it takes nothing along.
      if (settings.jwksUri !== null) addresses.keySet(settings.jwksUri);
      tenants.delete(identity);
      tenants.set(identity, issuer);
      const oldest = tenants.keys().next();
      if (tenants.size > MOST_TENANTS && oldest.done !== true) tenants.delete(oldest.value);
      return issuer;
    },
  };
}
