// The options of `introspection()`, checked and completed for one verifier.

import type { AuthorizationServer } from "oauth4webapi";
import type { IntrospectionMeans } from "../edge/introspector.js";
import type { Issuer } from "../edge/options/issuers.js";
import type { Settings } from "../edge/options/read.js";
import type { IssuerOptions } from "../edge/options/types.js";
import { client } from "../oauth/client.js";
import { type Check, callable, flag, integer, members, optional, read } from "../shared/options.js";
import type { IntrospectionOptions } from "./types.js";

type Signed = Exclude<NonNullable<IntrospectionOptions["answer"]>, "json">["jwt"];

/** The verifier checks it. */
const unread = (given: unknown) => given as never;

const SIGNED = members({
  jwt: members({ algorithms: unread, jwksUri: unread } satisfies Record<keyof Signed, unknown>),
});

const INTROSPECTION = members({
  issuer: unread,
  // Null is refused as a list without items is.
  audience: (given) => unread(given ?? []),
  endpoint: unread,
  client,
  answer: (given = "json", fail) => (given === "json" ? null : SIGNED(given, fail).jwt),
  allowNoAudience: optional(flag, false),
  allowNoTokenType: optional(flag, false),
  cacheTtl: optional(integer(0, 300), 30),
  cacheSize: optional(integer(0, 1_000_000), 1_000),
  maxConcurrent: optional(integer(1, 10_000), 20),
  timeout: optional(integer(1, 60_000), 5_000),
  tenant: unread,
  fetch: optional(callable<NonNullable<IntrospectionOptions["fetch"]>>(), (input, init) =>
    globalThis.fetch(input, init),
  ),
  onEvent: optional(callable<NonNullable<IntrospectionOptions["onEvent"]>>()),
} satisfies Record<keyof IntrospectionOptions, Check<unknown>>);

const OPTIONS = members({ introspection: INTROSPECTION });

export type Options = ReturnType<typeof readOptions>;

/** @throws {VerifyError} config_invalid */
export function readOptions(means: IntrospectionMeans, given: IntrospectionOptions) {
  const { invalidOption, issuersOf, now, readAddress, settings } = means;
  const { introspection: options } = read(OPTIONS, { introspection: given }, invalidOption);
  const { issuer, audience, endpoint, answer, tenant, allowNoAudience, allowNoTokenType } = options;
  const known = options.client(now);
  const issuerOf = (issuers: IssuerOptions, where: string, more: Partial<Settings> = {}) =>
    issuersOf({ ...settings, ...more, issuers }, null, where).listed[0] as Issuer;
  // The metadata are at the issuer's own address.
  const place = endpoint === undefined ? "issuer" : "endpoint";
  const { href } = readAddress(`introspection.${place}`, options[place], settings.jwks.allowHttp);
  const signed: IssuerOptions | null = answer && {
    ...answer,
    issuer,
    audience: known.client.client_id,
    types: ["token-introspection+jwt"],
  };
  if (signed)
    // The metadata say where the keys are, and are at the issuer's own address.
    issuerOf({ ...signed, jwksUri: signed.jwksUri ?? issuer }, "introspection.answer.jwt");
  // Its keys are asked for by nobody: an answer has no signature.
  const keys = { algorithms: ["ES256"], jwks: { keys: [{}] } } as const;
  return {
    ...options,
    ...known,
    issuer: issuerOf({ issuer, audience, tenant, ...keys }, "introspection", {
      profile: "introspection",
      // RFC 7662 section 2.2: it may be left out, and the issuer says that the token is active.
      allowNoExpiry: true,
      requiredClaims: [
        ...settings.requiredClaims,
        ...(allowNoAudience ? [] : ["aud"]),
        ...(allowNoTokenType ? [] : ["token_type"]),
      ],
    }),
    /** What the issuer's metadata would say; null: they do. */
    server:
      endpoint === undefined
        ? null
        : ({ __proto__: null, issuer, introspection_endpoint: href } as AuthorizationServer),
    /** The issuer of signed answers, its `jwksUri` undefined where its metadata say it. */
    signed,
  };
}
