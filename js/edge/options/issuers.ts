// The issuers of a verifier: a fixed list, or what a resolver answers. A token of an unknown issuer
// is refused here, before any key is looked for. An issuer of a resolver keeps its keys as long as
// the resolver gives the same options. Issuers with one address share what is fetched from there.

import type { Algorithm, RuleSet } from "../core.js";
import { KeySet } from "../keys/key-set.js";
import {
  GivenKeys,
  type KeyFinder,
  type KeySource,
  PublishedKeys,
  toldOf,
} from "../keys/key-sets.js";
import { LeastRecent } from "../keys/least-recent.js";
import type { Means } from "../keys/locator.js";
import { Reference, ReferredKeys } from "../keys/referred-keys.js";
import { type Asker, Remote } from "../keys/remote.js";
import { VerifyError } from "../request/error.js";
import { ALGORITHMS, isOfSecrets } from "./algorithms.js";
import { invalidOption } from "./invalid.js";
import {
  type IssuerSettings,
  identityOf,
  NO_RULES,
  type Readable,
  readAddress,
  readIssuer,
  rulesFor,
} from "./issuer.js";
import { integer, listOfTexts, readClock, readMembers, type Settings } from "./read.js";
import type { IssuerOptions, VerifierEvent, VerifierOptions } from "./types.js";

/** An issuer with its keys. */
export interface Issuer {
  readonly settings: IssuerSettings;
  /** Its key set, which never holds a secret; null where it has none. */
  readonly keys: KeyFinder | null;
  /** Its secrets, which HS* alone go with; null where it has none. */
  readonly secrets: KeySource | null;
  /** The rules by which its tokens are read. */
  readonly rules: RuleSet;
  /** Of a resolver's issuer, the function that it gave last. */
  check: VerifierOptions["check"];
}

/**
 * The keys that go with an algorithm.
 *
 * @throws {VerifyError} alg.not_allowed
 */
export function keysFor({ settings, keys, secrets }: Issuer, algorithm: Algorithm): KeyFinder {
  const found = isOfSecrets(algorithm) ? secrets : keys;
  if (found === null || !settings.algorithms.includes(algorithm))
    throw new VerifyError("alg.not_allowed");
  return found;
}

/** How many tenants of a resolver keep their keys in memory. */
const MOST_TENANTS = 1_000;

export interface Issuers {
  /** The issuers of the list; none where there is a resolver. */
  readonly listed: readonly Issuer[];
  /** Whether there is a list. Without one the resolver is asked about each token. */
  readonly isList: boolean;
  /** Rules without an issuer, used to read `iss`. */
  readonly unmatchedRules: RuleSet;
  named(issuer: string): Issuer | Promise<Issuer>;
}

/** `where`: their place in the options, for messages. */
export function issuersOf(
  settings: Settings,
  tell: ((event: VerifierEvent) => void) | null,
  where = "issuers",
): Issuers {
  const given = settings.issuers;
  const most = typeof given === "function" ? MOST_TENANTS : Infinity;
  const shared: Shared = new LeastRecent(most);
  const made = (one: IssuerSettings, readable: Readable): Issuer => ({
    settings: one,
    keys: keysOf(one, settings, shared, tell && toldOf(one.issuer, tell)),
    secrets: one.secrets.length > 0 ? new GivenKeys({ ...one, bundled: null }) : null,
    rules: rulesFor(settings, readable, one),
    check: one.check,
  });
  const unmatchedRules = (readable: Readable): RuleSet => ({
    ...NO_RULES,
    ...readable,
    maxTokenBytes: settings.maxTokenBytes,
  });
  if (typeof given === "function") {
    const readable = { algorithms: ALGORITHMS, readsPadding: true };
    return {
      ...resolved(given, settings, shared, (one) => made(one, readable)),
      unmatchedRules: unmatchedRules(readable),
    };
  }
  // A hole in the list becomes an item that is undefined.
  const list: readonly IssuerOptions[] = Array.isArray(given)
    ? Array.from(given)
    : [given as IssuerOptions];
  if (list.length === 0 && settings.introspection === null)
    throw invalidOption("issuers", "must not be empty");
  const read = list.map((one, place) =>
    readIssuer(one, settings, list.length === 1 ? where : `${where}[${place}]`),
  );
  // A header may name what any of the issuers uses. The list of its own is looked at later.
  const readable = {
    algorithms: ALGORITHMS.filter((name) => read.some((one) => one.algorithms.includes(name))),
    readsPadding: read.some(({ tolerate }) => tolerate.includes("padding")),
  };
  const listed = read.map((one) => made(one, readable));
  const byName = new Map(listed.map((issuer) => [issuer.settings.issuer, issuer]));
  if (byName.size < listed.length) throw invalidOption("issuers", "must not name one issuer twice");
  return {
    listed,
    isList: true,
    unmatchedRules: unmatchedRules(readable),
    named(name) {
      const issuer = byName.get(name);
      if (issuer === undefined) throw new VerifyError("issuer.unknown");
      return issuer;
    },
  };
}

/** What the issuers of a verifier have in common, by name; a key set by its address. */
type Shared = LeastRecent<unknown>;

function keysOf(
  issuer: IssuerSettings,
  { jwks, clock }: Settings,
  shared: Shared,
  tell: Asker["tell"],
): KeyFinder | null {
  const { jwksUri } = issuer;
  const given = issuer.bundled === null ? null : new GivenKeys(issuer);
  const addressOf: Means["addressOf"] = (one) => readAddress("jwksUri", one, jwks.allowHttp);
  const keysAt: Means["keysAt"] = (uri, otherwise = {}, remotes = shared) => {
    const label = typeof jwksUri === "string" ? [] : [jwksUri?.kind, ...(otherwise.label ?? [])];
    // What asks elsewhere can't ask with an ETag.
    const own = {
      ...jwks,
      read: KeySet.read,
      hasEtags: otherwise.fetch === undefined,
      ...otherwise,
      label,
    };
    const at = addressOf(uri).href;
    const remote = remotes.get(label + at, () => new Remote(at, own, clock)) as Remote;
    return new PublishedKeys(issuer, remote, tell);
  };
  if (jwksUri === null) return given;
  if (typeof jwksUri === "string") return keysAt(jwksUri);
  return jwksUri.open({
    issuer: issuer.issuer,
    jwks,
    addressOf,
    keysAt,
    keysBehind(uri, otherwise) {
      const read = (body: string | Uint8Array) => new Reference(keysAt(JSON.parse(body as string)));
      // Of this issuer alone: what is read there names its own keys.
      return new ReferredKeys(keysAt(uri, { ...otherwise, read }, new LeastRecent(1)));
    },
    shared: <T>(name: string, make: () => T) => shared.get(name, make) as T,
    now: () => readClock(clock),
    integer,
    invalidOption,
    LeastRecent,
    listOfTexts,
    readMembers,
    VerifyError,
  });
}

function resolved(
  resolve: (issuer: string) => IssuerOptions | null | Promise<IssuerOptions | null>,
  verifier: Settings,
  shared: Shared,
  made: (settings: IssuerSettings) => Issuer,
): Omit<Issuers, "unmatchedRules"> {
  const tenants = new LeastRecent<Issuer>(MOST_TENANTS);
  return {
    listed: [],
    isList: false,
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
      const issuer = tenants.get(identityOf(settings), () => made(settings));
      issuer.check = settings.check;
      // Of two tenants with one address the older one may go first: it takes nothing along.
      const { keys } = issuer;
      if (typeof settings.jwksUri === "string" && keys !== null)
        shared.get(settings.jwksUri, () => keys.shared);
      return issuer;
    },
  };
}
