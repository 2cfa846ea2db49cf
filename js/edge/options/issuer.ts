// The options of one issuer, checked and completed, and the rules that they make for its tokens.

import { THIS_MACHINE } from "../../shared/this-machine.js";
import type { Algorithm, Profile, RuleSet } from "../core.js";
import type { Locator } from "../keys/locator.js";
import { isOfSecrets, readAlgorithms } from "./algorithms.js";
import { type ClaimPaths, readClaimPaths, readWantedClaims, type WantedClaim } from "./claims.js";
import { invalidOption } from "./invalid.js";
import { ownMembers } from "./own.js";
import {
  functionIfGiven,
  listOfTexts,
  readMembers,
  readProfile,
  readTokenAge,
  type Settings,
} from "./read.js";
import { readSecrets, type Secret } from "./secrets.js";
import type { IssuerOptions, VerifierOptions } from "./types.js";

/** One issuer, checked. What it leaves to the verifier is filled in. */
export interface IssuerSettings {
  readonly issuer: string;
  /** Null: `aud` is not looked at. */
  readonly audiences: readonly string[] | null;
  readonly claims: readonly WantedClaim[];
  readonly claimPaths: ClaimPaths;
  readonly profile: Profile;
  /** Empty: those of the profile. */
  readonly types: readonly string[];
  readonly requiredClaims: readonly string[];
  readonly maxTokenAge: number | null;
  readonly tolerate: readonly Tolerance[];
  readonly algorithms: readonly Algorithm[];
  readonly jwksUri: string | Locator | null;
  /** The text of a key set. */
  readonly bundled: string | null;
  readonly secrets: readonly Secret[];
  readonly tenant: string | null;
  readonly encrypted: NonNullable<IssuerOptions["encrypted"]>;
  readonly check: VerifierOptions["check"];
}

type Tolerance = NonNullable<IssuerOptions["tolerate"]>[number];

const TOLERANCES: readonly string[] = [
  "padding",
  "numeric-sub",
  "numeric-jti",
] satisfies Tolerance[];

const KNOWN: readonly string[] = [
  "issuer",
  "audience",
  "claims",
  "claimPaths",
  "profile",
  "types",
  "requiredClaims",
  "maxTokenAge",
  "check",
  "tolerate",
  "algorithms",
  "jwksUri",
  "jwks",
  "secret",
  "secrets",
  "tenant",
  "encrypted",
] satisfies (keyof IssuerOptions)[];

/** `where`: its place in the options, for messages. */
export function readIssuer(
  given: IssuerOptions,
  settings: Settings,
  where = "issuers",
): IssuerSettings {
  const options = readMembers(where, given, KNOWN);
  const { issuer, jwksUri, jwks, tenant, check = settings.check } = options;
  const { requiredClaims = settings.requiredClaims, profile } = options;
  if (typeof issuer !== "string" || issuer === "")
    throw invalidOption(`${where}.issuer`, "must be a text that is not empty");
  if (tenant !== undefined && (typeof tenant !== "string" || tenant === ""))
    throw invalidOption(`${where}.tenant`, "must be a text that is not empty");
  functionIfGiven(`${where}.check`, check);
  const claims = readWantedClaims(`${where}.claims`, options.claims);
  const audiences = readAudiences(`${where}.audience`, options.audience);
  if (audiences === null && claims.length === 0 && check === undefined)
    throw invalidOption(`${where}.audience`, "may be null only with `claims` or `check`");
  const algorithms = readAlgorithms(
    `${where}.algorithms`,
    listOfTexts(`${where}.algorithms`, options.algorithms),
  );
  const hasKeys = jwksUri !== undefined || jwks !== undefined;
  if (hasKeys && algorithms.every(isOfSecrets))
    throw invalidOption(where, "must not have a key set where all `algorithms` are HS*");
  if (!hasKeys && !algorithms.every(isOfSecrets))
    throw invalidOption(where, "needs `jwksUri` or `jwks` for all `algorithms` but HS*");
  return {
    issuer,
    audiences,
    claims,
    claimPaths: readClaimPaths(`${where}.claimPaths`, options.claimPaths),
    profile: profile === undefined ? settings.profile : readProfile(`${where}.profile`, profile),
    types: readTypes(`${where}.types`, options.types),
    requiredClaims: listOfTexts(`${where}.requiredClaims`, requiredClaims),
    maxTokenAge:
      options.maxTokenAge === undefined
        ? settings.maxTokenAge
        : readTokenAge(`${where}.maxTokenAge`, options.maxTokenAge),
    tolerate: readTolerances(`${where}.tolerate`, options.tolerate),
    algorithms,
    jwksUri: readJwksUri(where, jwksUri, settings.jwks.allowHttp),
    bundled: jwks === undefined ? null : keySetText(where, jwks),
    secrets: readSecrets(where, options, algorithms),
    tenant: tenant ?? null,
    encrypted: readEncrypted(`${where}.encrypted`, options.encrypted, settings),
    check,
  };
}

/**
 * A text that two issuers share only if all their options are the same. It is JSON, so no two lists
 * look alike, whatever is in them. A `check` leaves no trace in it: a resolver may well make a new
 * function for each answer.
 */
export function identityOf(settings: IssuerSettings): string {
  return JSON.stringify(settings);
}

/** What the headers of all issuers of a verifier may hold: a token is read before it says whose. */
export type Readable = Pick<RuleSet, "algorithms" | "readsPadding">;

/** Rules without an issuer, used to read what is not judged by them. */
export const NO_RULES: Omit<RuleSet, keyof Readable> = {
  profile: "jwt",
  types: [],
  issuer: null,
  audiences: null,
  claims: [],
  tolerate: [],
  requiredClaims: [],
  allowNoExpiry: true,
  confirms: false,
  clockTolerance: 0,
  maxTokenAge: null,
  maxTokenBytes: 0,
};

/** The rules by which the tokens of an issuer are read and judged. */
export function rulesFor(
  { allowNoExpiry, clockTolerance, dpop, maxTokenBytes }: Settings,
  readable: Readable,
  issuer: IssuerSettings,
): RuleSet {
  const { audiences, claims, maxTokenAge, profile, requiredClaims, tolerate, types } = issuer;
  return {
    profile,
    types,
    issuer: issuer.issuer,
    audiences,
    claims,
    tolerate,
    requiredClaims,
    allowNoExpiry,
    confirms: dpop !== undefined,
    clockTolerance,
    maxTokenAge,
    maxTokenBytes,
    ...readable,
  };
}

function readAudiences(name: string, given: IssuerOptions["audience"]): readonly string[] | null {
  if (given === null) return null;
  const audiences = listOfTexts(name, typeof given === "string" ? [given] : given);
  if (audiences.length === 0) throw invalidOption(name, "must not be empty");
  return audiences;
}

function readEncrypted(
  name: string,
  given: IssuerOptions["encrypted"],
  { encryption }: Settings,
): NonNullable<IssuerOptions["encrypted"]> {
  const usual = encryption === undefined ? "refused" : "allowed";
  const words = encryption === undefined ? [usual] : [usual, "required", "refused"];
  if (given !== undefined && !words.includes(given))
    throw invalidOption(name, `must be one of ${words.join(", ")}`);
  return given ?? usual;
}

function readTypes(name: string, given: IssuerOptions["types"]): readonly string[] {
  if (given === undefined) return [];
  const types = listOfTexts(name, given);
  if (types.length === 0) throw invalidOption(name, "must not be empty");
  // It says that a session has ended. What else it says resembles an ID token.
  if (types.some((type) => /^\s*(application\/)?logout\+jwt\s*(;|$)/i.test(type)))
    throw invalidOption(name, "must not hold logout+jwt");
  return types;
}

function readTolerances(name: string, given: IssuerOptions["tolerate"] = []): readonly Tolerance[] {
  const words = listOfTexts(name, given);
  const odd = words.find((word) => !TOLERANCES.includes(word));
  if (odd !== undefined) throw invalidOption(name, `must not name ${JSON.stringify(odd)}`);
  return words as readonly Tolerance[];
}

function readJwksUri(
  where: string,
  given: IssuerOptions["jwksUri"],
  allowHttp: boolean,
): string | Locator | null {
  if (given === undefined) return null;
  const locator: Partial<Locator> = ownMembers(Object(given), ["open"]);
  return typeof locator.open === "function"
    ? (given as Locator)
    : readAddress(`${where}.jwksUri`, given, allowHttp).href;
}

const LOOPBACK = /* @__PURE__ */ new RegExp(`^${THIS_MACHINE}$`);

/** An address that may be asked. */
export function readAddress(option: string, given: unknown, allowHttp: boolean): URL {
  let url: URL;
  try {
    url = new URL(given as string);
  } catch {
    throw invalidOption(option, "must be an absolute URL");
  }
  const isHttpAllowed = allowHttp || LOOPBACK.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHttpAllowed))
    throw invalidOption(option, "must be an https: URL");
  if (url.username !== "" || url.password !== "")
    throw invalidOption(option, "must not hold a user name or a password");
  if (url.hash !== "" || url.href.includes("#"))
    throw invalidOption(option, "must not have a fragment");
  return url;
}

function keySetText(where: string, jwks: NonNullable<IssuerOptions["jwks"]>): string {
  const keys: unknown = Object.hasOwn(jwks ?? {}, "keys") ? jwks.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0)
    throw invalidOption(`${where}.jwks`, "must be a key set that is not empty");
  try {
    return JSON.stringify({ keys });
  } catch {
    throw invalidOption(`${where}.jwks`, "must be JSON");
  }
}
