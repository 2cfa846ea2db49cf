// Signed answers (RFC 9701): a JWT of the issuer's for this client, which holds the answer. It is
// verified as any token is, by a verifier of its own.

import type { IntrospectionMeans } from "../edge/introspector.js";
import { ownMembers } from "../edge/options/own.js";
import type { IssuerOptions, VerifierOptions } from "../edge/options/types.js";
import { VerifyError } from "../edge/request/error.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { createVerifier } from "../edge.js";
import type { Endpoint } from "./endpoint.js";
import type { Options } from "./options.js";

/** Gives the JSON of an answer, as it is or out of the JWT. */
export type Reading = (
  answer: Uint8Array,
  context: ExecutionContextLike | null,
) => Promise<Uint8Array>;

export function readingOf(
  { settings }: IntrospectionMeans,
  { issuer, client, signed }: Options,
  { metadata }: Endpoint,
): Reading {
  if (signed === null) return async (answer) => answer;
  const { issuer: name } = issuer.settings;
  const issuerWith = (jwksUri: IssuerOptions["jwksUri"]) =>
    ({
      issuer: name,
      audience: client.client_id,
      algorithms: signed.algorithms,
      types: ["token-introspection+jwt"],
      jwksUri,
    }) as IssuerOptions;
  const { clock, clockTolerance, jwks } = settings;
  const { allowHttp, fetch, timeout } = jwks;
  const verifierBy = (issuers: VerifierOptions["issuers"]) =>
    createVerifier({
      issuers,
      allowNoExpiry: true,
      maxTokenAge: 300,
      maxTokenBytes: 262_144,
      resultCacheSize: 0,
      clock,
      clockTolerance,
      jwks: { allowHttp, fetch, timeout },
    });
  // Without an address the issuer stands in for it: options that are wrong are told at once.
  let verifier = verifierBy(issuerWith(signed.jwksUri ?? name));
  if (signed.jwksUri === undefined)
    verifier = verifierBy(async (one) =>
      one === name ? issuerWith((await metadata()).jwks_uri) : null,
    );
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
