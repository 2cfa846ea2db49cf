// Signed answers (RFC 9701): a JWT of the issuer's for this client, which holds the answer. It is
// verified as any token is, by a verifier of its own.

import type { IntrospectionMeans } from "../edge/introspector.js";
import { ownMembers } from "../edge/options/own.js";
import type { IssuerOptions } from "../edge/options/types.js";
import { VerifyError } from "../edge/request/error.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { createVerifier } from "../edge.js";
import type { Endpoint } from "./endpoint.js";

/** Gives the JSON that is in a signed answer. */
export type Reading = (
  answer: Uint8Array,
  context: ExecutionContextLike | null,
) => Promise<Uint8Array>;

/** `signed`: without an address, the issuer's metadata say where its keys are. */
export function readingOf(
  { settings }: IntrospectionMeans,
  signed: IssuerOptions,
  { metadata }: Endpoint,
): Reading {
  const { clock, clockTolerance, jwks } = settings;
  const { allowHttp, fetch, timeout } = jwks;
  const verifier = createVerifier({
    issuers:
      signed.jwksUri === undefined
        ? async (name) =>
            name === signed.issuer
              ? ({ ...signed, jwksUri: (await metadata()).jwks_uri } as IssuerOptions)
              : null
        : signed,
    allowNoExpiry: true,
    maxTokenAge: 300,
    maxTokenBytes: 262_144,
    resultCacheSize: 0,
    clock,
    clockTolerance,
    jwks: { allowHttp, fetch, timeout },
  });
  return async (answer, context) => {
    try {
      const jwt = new TextDecoder().decode(answer);
      const { claims } = await verifier.verify(jwt, context ?? undefined);
      const { token_introspection } = ownMembers(claims, ["token_introspection"]);
      return new TextEncoder().encode(JSON.stringify(token_introspection));
    } catch (cause) {
      // Of those its keys can't be had, or an option is wrong.
      if ((cause as VerifyError).status >= 500) throw cause;
      throw new VerifyError("introspection.malformed", { cause });
    }
  };
}
