// The options of `createVerifier`, checked and completed. Only their own members are read, and
// copied: nothing can change them afterwards.

import type { Profile } from "../core.js";
import type { Decrypter } from "../encryption.js";
import type { OpenIntrospector } from "../introspector.js";
import { VerifyError } from "../request/error.js";
import { invalidOption, reading } from "./invalid.js";
import { ownMembers } from "./own.js";
import type { JwksStore, RevocationStore } from "./store-types.js";
import type { JwksOptions, VerifierEvent, VerifierOptions } from "./types.js";

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
  readonly introspection: OpenIntrospector | null;
  readonly encryption: Decrypter | undefined;
  readonly jwks: JwksSettings;
  readonly resultCacheSize: number;
  readonly clock: () => number;
  readonly onEvent: ((event: VerifierEvent) => void) | null;
  readonly respond: VerifierOptions["respond"];
  /** As it was given: js/edge/dpop/options.ts reads it. */
  readonly dpop: VerifierOptions["dpop"];
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
  // What a locator sets.
  /** What the codes of errors begin with. */
  readonly codes: string;
  /** With the address, the name of its copies in the store, after the locator's kind. */
  readonly label: readonly unknown[];
  /**
   * Makes JSON of an answer's text before it is read or kept in a store, and says that it is bad by
   * throwing.
   */
  readonly decode: ((text: string) => Promise<unknown>) | null;
  /** Whether an ETag may be asked with. */
  readonly hasEtags: boolean;
  /** Whether an answer may say that nothing is there: then it is a set without a key. */
  readonly mayBeAbsent: boolean;
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
  "introspection",
  "encryption",
  "jwks",
  "resultCacheSize",
  "clock",
  "onEvent",
  "respond",
  "dpop",
] satisfies (keyof VerifierOptions)[];
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

/** `fixed`: in place of the option, for issuers without a profile of their own. */
export function readSettings(given: VerifierOptions, fixed?: Profile): Settings {
  const options = readMembers("options", given, KNOWN);
  const {
    issuers,
    profile = "jwt",
    maxTokenAge,
    requiredClaims = [],
    allowNoExpiry = false,
    check,
    revocation,
    introspection,
    encryption,
    clock,
    onEvent,
    respond,
  } = options;
  if (typeof allowNoExpiry !== "boolean")
    throw invalidOption("allowNoExpiry", "must be true or false");
  functionIfGiven("check", check);
  functionIfGiven("clock", clock);
  functionIfGiven("onEvent", onEvent);
  functionIfGiven("respond", respond);
  if (revocation !== undefined) methodsIn("revocation", revocation, "isRevoked");
  const opened = introspection as OpenIntrospector | undefined;
  if (opened !== undefined && typeof ownMembers(Object(opened), ["open"]).open !== "function")
    throw invalidOption("introspection", "must be made by introspection()");
  if (encryption !== undefined && typeof (encryption as Decrypter | null)?.decrypt !== "function")
    throw invalidOption("encryption", "must be what `decryption` gives");
  return {
    issuers,
    profile: fixed ?? readProfile("profile", profile),
    clockTolerance: number("clockTolerance", options.clockTolerance, 30, 0, 600),
    maxTokenAge: readTokenAge("maxTokenAge", maxTokenAge),
    requiredClaims: listOfTexts("requiredClaims", requiredClaims),
    allowNoExpiry,
    maxTokenBytes: integer("maxTokenBytes", options.maxTokenBytes, 16_384, 1, 1_048_576),
    check,
    revocation,
    introspection: opened ?? null,
    encryption: encryption as Decrypter | undefined,
    jwks: readJwksSettings(options.jwks ?? {}),
    resultCacheSize: integer("resultCacheSize", options.resultCacheSize, 1_000, 0, 1_000_000),
    clock: clock ?? (() => Date.now()),
    onEvent: onEvent ?? null,
    respond,
    dpop: options.dpop,
  };
}

export function readProfile(name: string, given: Profile): Profile {
  if (!PROFILES.includes(given)) throw invalidOption(name, `must be one of ${PROFILES.join(", ")}`);
  return given;
}

/** Null: a token may be of any age. */
export function readTokenAge(name: string, given: number | undefined): number | null {
  return given === undefined ? null : number(name, given, 0, 0, Number.MAX_SAFE_INTEGER);
}

function readJwksSettings(given: JwksOptions): JwksSettings {
  const options = readMembers("jwks", given, KNOWN_OF_JWKS);
  const { store, fetch, allowHttp = false } = options;
  functionIfGiven("jwks.fetch", fetch);
  if (typeof allowHttp !== "boolean")
    throw invalidOption("jwks.allowHttp", "must be true or false");
  if (store !== undefined) methodsIn("jwks.store", store, "get", "put");
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
    codes: "jwks",
    label: [],
    decode: null,
    hasEtags: true,
    mayBeAbsent: false,
  };
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
  return reading(where, () => {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw invalidOption(where, "must be an object");
    const odd = Object.keys(given).find((key) => !known.includes(key));
    if (odd !== undefined)
      throw invalidOption(where === "options" ? odd : `${where}.${odd}`, "is no option");
    return ownMembers(given, known);
  });
}

export function functionIfGiven(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== "function")
    throw invalidOption(name, "must be a function");
}

/** @throws {VerifyError} config_invalid for what lacks one of the methods */
export function methodsIn(name: string, given: unknown, ...methods: readonly string[]): void {
  const members = Object(given) as Record<string, unknown>;
  const missing = reading(name, () => methods.find((one) => typeof members[one] !== "function"));
  if (missing !== undefined) throw invalidOption(name, `must have a method ${missing}`);
}

export function listOf(name: string, given: unknown): readonly unknown[] {
  return reading(name, () => {
    if (!Array.isArray(given)) throw invalidOption(name, "must be a list");
    // A hole in a list is an item that is undefined.
    return Array.from<unknown>(given);
  });
}

export function listOfTexts(name: string, given: unknown): readonly string[] {
  const isText = (one: unknown): one is string => typeof one === "string" && one !== "";
  const list = listOf(name, given);
  if (!list.every(isText)) throw invalidOption(name, "must be a list of texts that are not empty");
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

/** On Workers the clock stands at zero outside a request. */
const YEAR_2020 = 1_577_836_800_000;

/**
 * The time by the clock, in milliseconds. One before `earliest` is none.
 *
 * @throws {VerifyError} clock.unavailable
 */
export function readClock(clock: () => number, earliest: number = YEAR_2020): number {
  let now: unknown;
  try {
    now = clock();
  } catch (cause) {
    throw new VerifyError("clock.unavailable", { cause });
  }
  if (typeof now !== "number" || !Number.isFinite(now) || now < earliest)
    throw new VerifyError("clock.unavailable");
  return now;
}
