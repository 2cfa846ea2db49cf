// The options of `introspection()`, checked and completed for one verifier.

import type { IntrospectionMeans } from "../edge/introspector.js";
import type { Issuer } from "../edge/options/issuers.js";
import type { IssuerOptions } from "../edge/options/types.js";
import { clientOf, type KnownClient } from "../oauth/client.js";
import type { IntrospectionEvent, IntrospectionOptions } from "./types.js";

type Signed = Exclude<NonNullable<IntrospectionOptions["answer"]>, "json">["jwt"];

export interface Options extends KnownClient {
  /** With the rules for its answers. */
  readonly issuer: Issuer;
  /** Null: the issuer's metadata say it. */
  readonly endpoint: string | null;
  /** Null: answers are plain JSON. */
  readonly signed: Signed | null;
  /** Seconds. */
  readonly cacheTtl: number;
  readonly cacheSize: number;
  readonly maxConcurrent: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly onEvent: ((event: IntrospectionEvent) => void) | undefined;
}

const NAMES: readonly string[] = [
  "issuer",
  "audience",
  "endpoint",
  "client",
  "answer",
  "allowNoAudience",
  "allowNoTokenType",
  "cacheTtl",
  "cacheSize",
  "maxConcurrent",
  "timeout",
  "tenant",
  "fetch",
  "onEvent",
] satisfies (keyof IntrospectionOptions)[];

/** @throws {VerifyError} config_invalid */
export function readOptions(means: IntrospectionMeans, given: IntrospectionOptions): Options {
  const { functionIfGiven, readMembers, settings } = means;
  const named = (option: string) => `introspection.${option}`;
  const invalid = (option: string, problem: string) => means.invalidOption(named(option), problem);
  const integer = (name: keyof IntrospectionOptions, usual: number, least: number, most: number) =>
    means.integer(named(name), options[name], usual, least, most);
  const options = readMembers("introspection", given, NAMES);
  const { issuer, audience, endpoint, answer = "json", tenant, fetch, onEvent } = options;
  const { allowNoAudience = false, allowNoTokenType = false } = options;
  for (const [name, flag] of Object.entries({ allowNoAudience, allowNoTokenType }))
    if (typeof flag !== "boolean") throw invalid(name, "must be true or false");
  functionIfGiven(named("fetch"), fetch);
  functionIfGiven(named("onEvent"), onEvent);
  // Its keys are asked for by nobody: an answer has no signature.
  const keys = { algorithms: ["ES256"], jwks: { keys: [{}] } };
  const of = { issuer, audience: audience ?? [], tenant, ...keys } as IssuerOptions;
  const read = means.readIssuer(of, settings, "introspection");
  // The metadata are at the issuer's own address.
  const place = endpoint === undefined ? "issuer" : "endpoint";
  const { href } = means.readAddress(named(place), options[place], settings.jwks.allowHttp);
  const signed =
    answer === "json"
      ? null
      : readMembers(named("answer.jwt"), readMembers(named("answer"), answer, ["jwt"]).jwt, [
          "algorithms",
          "jwksUri",
        ]);
  return {
    ...clientOf(options.client, invalid, means.now),
    issuer: {
      settings: read,
      keys: null,
      secrets: null,
      rules: {
        ...means.rulesFor(settings, { algorithms: [], readsPadding: false }, read),
        profile: "introspection",
        // RFC 7662 section 2.2: it may be left out, and the issuer says that the token is active.
        allowNoExpiry: true,
        requiredClaims: [
          ...read.requiredClaims,
          ...(allowNoAudience ? [] : ["aud"]),
          ...(allowNoTokenType ? [] : ["token_type"]),
        ],
      },
      check: read.check,
    },
    endpoint: endpoint === undefined ? null : href,
    signed,
    cacheTtl: integer("cacheTtl", 30, 0, 300),
    cacheSize: integer("cacheSize", 1_000, 0, 1_000_000),
    maxConcurrent: integer("maxConcurrent", 20, 1, 10_000),
    timeout: integer("timeout", 5_000, 1, 60_000),
    // Called without `this`: the platform's fetch takes none but its own.
    fetch: (input, init) => (fetch ?? globalThis.fetch).call(undefined, input, init),
    onEvent,
  };
}
