// The options of `createVerifier`, checked and completed. Only their own members are read, and
// copied: nothing can change them afterwards.

import type { Algorithm, Profile, RuleSet } from "../core.js";
import { VerifyError } from "../request/error.js";
import { readAlgorithms, secretBytes } from "./algorithms.js";
import { invalidOption } from "./invalid.js";
import { ownMembers } from "./own.js";
import type { JwksStore, RevocationStore } from "./store-types.js";
import type { IssuerOptions, JwksOptions, VerifierEvent, VerifierOptions } from "./types.js";

export interface Settings {
  /** As they were given: each is read by `readIssuer`. */
  readonly issuers: VerifierOptions["issuers"];
  readonly profile: Profile;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly maxTokenAge: number | null;
  readonly requiredClaims: readonly string[];
  readonly allowNoExpiry: boolean;
  readonly maxTokenBytes: number;
  readonly check: VerifierOptions["check"];
  readonly revocation: RevocationStore | undefined;
  readonly jwks: JwksSettings;
  readonly resultCacheSize: number;
  readonly clock: () => number;
  readonly onEvent: ((event: VerifierEvent) => void) | null;
  readonly respond: VerifierOptions["respond"];
}

/** All times in milliseconds. */
export interface JwksSettings {
  readonly maxAge: number;
  readonly maxStale: number;
  readonly cooldown: number;
  readonly timeout: number;
  readonly maxBytes: number;
  readonly store: JwksStore | undefined;
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly allowHttp: boolean;
}

/** One issuer, checked. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly Algorithm[];
  readonly jwksUri: string | null;
  /** The text of a key set. */
  readonly bundled: string | null;
  readonly secret: Uint8Array<ArrayBuffer> | null;
  readonly tenant: string | null;
}

const PROFILES: readonly string[] = [
  "jwt",
  "access-token",
  "id-token",
] satisfies VerifierOptions["profile"][];

const KNOWN: readonly string[] = [
  "issuers",
  "profile",
  "clockTolerance",
  "maxTokenAge",
  "requiredClaims",
  "allowNoExpiry",
  "maxTokenBytes",
  "check",
  "revocation",
  "jwks",
  "resultCacheSize",
  "clock",
  "onEvent",
  "respond",
] satisfies (keyof VerifierOptions)[];
const KNOWN_OF_ISSUERS: readonly string[] = [
  "issuer",
  "audience",
  "algorithms",
  "jwksUri",
  "jwks",
  "secret",
  "tenant",
] satisfies (keyof IssuerOptions)[];
const KNOWN_OF_JWKS: readonly string[] = [
  "maxAge",
  "maxStale",
  "cooldown",
  "timeout",
  "maxBytes",
  "store",
  "fetch",
  "allowHttp",
] satisfies (keyof JwksOptions)[];

export function readSettings(given: VerifierOptions): Settings {
  const options = readMembers("options", given, KNOWN);
  const {
    issuers,
    profile = "jwt",
    maxTokenAge,
    requiredClaims = [],
    allowNoExpiry = false,
    check,
    revocation,
    clock,
    onEvent,
    respond,
  } = options;
  if (!PROFILES.includes(profile))
    throw invalidOption("profile", `must be one of ${PROFILES.join(", ")}`);
  if (typeof allowNoExpiry !== "boolean")
    throw invalidOption("allowNoExpiry", "must be true or false");
  functionIfGiven("check", check);
  functionIfGiven("clock", clock);
  functionIfGiven("onEvent", onEvent);
  functionIfGiven("respond", respond);
  if (revocation !== undefined && typeof revocation?.isRevoked !== "function")
    throw invalidOption("revocation", "must have a method isRevoked");
  return {
    issuers,
    profile,
    clockTolerance: number("clockTolerance", options.clockTolerance, 30, 0, 600),
    maxTokenAge:
      maxTokenAge === undefined
        ? null
        : number("maxTokenAge", maxTokenAge, 0, 0, Number.MAX_SAFE_INTEGER),
    requiredClaims: listOfTexts("requiredClaims", requiredClaims),
    allowNoExpiry,
    maxTokenBytes: integer("maxTokenBytes", options.maxTokenBytes, 16_384, 1, 1_048_576),
    check,
    revocation,
    jwks: readJwksSettings(options.jwks ?? {}),
    resultCacheSize: integer("resultCacheSize", options.resultCacheSize, 1_000, 0, 1_000_000),
    clock: clock ?? (() => Date.now()),
    onEvent: onEvent ?? null,
    respond,
  };
}

function readJwksSettings(given: JwksOptions): JwksSettings {
  const options = readMembers("jwks", given, KNOWN_OF_JWKS);
  const { store, fetch, allowHttp = false } = options;
  functionIfGiven("jwks.fetch", fetch);
  if (typeof allowHttp !== "boolean")
    throw invalidOption("jwks.allowHttp", "must be true or false");
  if (
    store !== undefined &&
    (typeof store?.get !== "function" || typeof store.put !== "function")
  ) {
    throw invalidOption("jwks.store", "must have the methods get and put");
  }
  return {
    maxAge: number("jwks.maxAge", options.maxAge, 600, 60, 86_400) * 1000,
    maxStale: number("jwks.maxStale", options.maxStale, 86_400, 0, 365 * 86_400) * 1000,
    cooldown: number("jwks.cooldown", options.cooldown, 30, 1, 3_600) * 1000,
    timeout: number("jwks.timeout", options.timeout, 5_000, 1, 60_000),
    maxBytes: integer("jwks.maxBytes", options.maxBytes, 262_144, 64, 16 * 1_048_576),
    store,
    // Called without `this`: the platform's fetch takes none but its own.
    fetch:
      fetch === undefined
        ? (input, init) => globalThis.fetch(input, init)
        : (input, init) => fetch.call(undefined, input, init),
    allowHttp,
  };
}

export function readIssuer(
  given: IssuerOptions,
  { jwks: { allowHttp } }: Settings,
  where = "issuers",
): IssuerSettings {
  const options = readMembers(where, given, KNOWN_OF_ISSUERS);
  const { issuer, audience, jwksUri, jwks, secret, tenant } = options;
  if (typeof issuer !== "string" || issuer === "")
    throw invalidOption(`${where}.issuer`, "must be a text that is not empty");
  if (tenant !== undefined && (typeof tenant !== "string" || tenant === ""))
    throw invalidOption(`${where}.tenant`, "must be a text that is not empty");
  const audiences = listOfTexts(
    `${where}.audience`,
    typeof audience === "string" ? [audience] : audience,
  );
  if (audiences.length === 0) throw invalidOption(`${where}.audience`, "must not be empty");
  const algorithms = readAlgorithms(
    `${where}.algorithms`,
    listOfTexts(`${where}.algorithms`, options.algorithms),
  );
  const bytes = secretBytes(algorithms);
  if (bytes !== null) checkSecret(where, options, bytes);
  else if (secret !== undefined) throw invalidOption(`${where}.secret`, "goes with HS* only");
  else if (jwksUri === undefined && jwks === undefined)
    throw invalidOption(where, "needs `jwksUri`, `jwks` or `secret`");
  const uri = jwksUri === undefined ? null : keySetUri(where, jwksUri, allowHttp);
  const bundled = jwks === undefined ? null : keySetText(where, jwks);
  const copy = secret === undefined ? null : new Uint8Array(secret);
  return {
    issuer,
    audiences,
    algorithms,
    jwksUri: uri,
    bundled,
    secret: copy,
    tenant: tenant ?? null,
  };
}

/**
 * A text that two issuers share only if all their options are the same. It is JSON, so no two lists
 * look alike, whatever is in them.
 */
export function identityOf({
  issuer,
  audiences,
  algorithms,
  jwksUri,
  bundled,
  secret,
  tenant,
}: IssuerSettings): string {
  return JSON.stringify([
    issuer,
    audiences,
    algorithms,
    jwksUri,
    bundled,
    secret === null ? null : [...secret],
    tenant,
  ]);
}

/**
 * The rules by which the tokens of an issuer are read; without an issuer, those by which `iss` is
 * read. `algorithms`: of all issuers of a verifier.
 */
export function rulesFor(
  settings: Settings,
  algorithms: readonly Algorithm[],
  issuer: IssuerSettings | null,
): RuleSet {
  const { profile, requiredClaims, allowNoExpiry, clockTolerance, maxTokenAge, maxTokenBytes } =
    settings;
  return {
    profile,
    issuer: issuer?.issuer ?? null,
    audiences: issuer?.audiences ?? [],
    requiredClaims,
    allowNoExpiry,
    clockTolerance,
    maxTokenAge,
    maxTokenBytes,
    algorithms,
  };
}

function checkSecret(where: string, { secret, jwksUri, jwks }: IssuerOptions, bytes: number): void {
  if (!(secret instanceof Uint8Array))
    throw invalidOption(`${where}.secret`, "must be a Uint8Array for HS*");
  if (secret.length < bytes)
    throw invalidOption(`${where}.secret`, `must be at least as long as the hash: ${bytes} bytes`);
  if (jwksUri !== undefined || jwks !== undefined)
    throw invalidOption(where, "must not have both a secret and a key set");
}

function keySetUri(where: string, given: string | URL, allowHttp: boolean): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw invalidOption(`${where}.jwksUri`, "must be an absolute URL");
  }
  const isHttpAllowed =
    allowHttp ||
    url.hostname === "localhost" ||
    url.hostname === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHttpAllowed))
    throw invalidOption(`${where}.jwksUri`, "must be an https: URL");
  if (url.username !== "" || url.password !== "")
    throw invalidOption(`${where}.jwksUri`, "must not hold a user name or a password");
  if (url.hash !== "" || url.href.includes("#"))
    throw invalidOption(`${where}.jwksUri`, "must not have a fragment");
  return url.href;
}

function keySetText(where: string, jwks: NonNullable<IssuerOptions["jwks"]>): string {
  const keys: unknown = Object.hasOwn(jwks ?? {}, "keys") ? jwks.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0)
    throw invalidOption(`${where}.jwks`, "must be a key set that is not empty");
  return JSON.stringify({ keys });
}

/**
 * The own members of an object of options.
 *
 * @throws {VerifyError} config_invalid for a name that is not known
 */
export function readMembers<T extends object>(
  where: string,
  given: T,
  known: readonly string[],
): T {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidOption(where, "must be an object");
  const odd = Object.keys(given).find((key) => !known.includes(key));
  if (odd !== undefined)
    throw invalidOption(where === "options" ? odd : `${where}.${odd}`, "is no option");
  return ownMembers(given, known);
}

export function functionIfGiven(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== "function")
    throw invalidOption(name, "must be a function");
}

export function listOfTexts(name: string, given: unknown): readonly string[] {
  const isText = (one: unknown): one is string => typeof one === "string" && one !== "";
  // A hole in a list is an item that is undefined.
  const list = Array.isArray(given) ? Array.from<unknown>(given) : null;
  if (list === null || !list.every(isText))
    throw invalidOption(name, "must be a list of texts that are not empty");
  return list;
}

export function number(
  name: string,
  given: unknown,
  usual: number,
  least: number,
  most: number,
): number {
  if (given === undefined) return usual;
  if (typeof given !== "number" || !(given >= least && given <= most))
    throw invalidOption(name, `must be a number from ${least} to ${most}`);
  return given;
}

export function integer(
  name: string,
  given: unknown,
  usual: number,
  least: number,
  most: number,
): number {
  const value = number(name, given, usual, least, most);
  if (!Number.isInteger(value)) throw invalidOption(name, "must be a whole number");
  return value;
}

/**
 * The time by the clock. One before 2020 is none: on Workers the clock stands at zero outside a
 * request.
 *
 * @throws {VerifyError} clock.unavailable
 */
export function readClock(clock: () => number): number {
  let now: unknown;
  try {
    now = clock();
  } catch (cause) {
    throw new VerifyError("clock.unavailable", { cause });
  }
  if (typeof now !== "number" || !Number.isFinite(now) || now < 1_577_836_800_000)
    throw new VerifyError("clock.unavailable");
  return now;
}
