// Who verifies, each in the way its documentation tells: keys at hand, issuer, audience and algorithm checked. `raw` is the platform's
// signature check alone, which nobody can beat.

import { JwtVerifier } from "aws-jwt-verify";
import { createLocalJWKSet, importJWK, type JSONWebKeySet, jwtVerify } from "jose";
import { createVerifier, type Algorithm } from "tokenkeep/edge";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://api.example";

export interface Field {
  readonly alg: Algorithm;
  readonly jwks: JSONWebKeySet;
  readonly tokens: readonly string[];
}

export type Contestant = (token: string) => unknown;

const PARAMETERS: Readonly<Record<string, AlgorithmIdentifier | EcdsaParams>> = {
  RS256: "RSASSA-PKCS1-v1_5",
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: "Ed25519",
};

export const NAMES = ["nothing", "raw", "jose", "aws-jwt-verify", "tokenkeep"] as const;
export type Name = (typeof NAMES)[number];

export async function contestantsOf({ alg, jwks, tokens }: Field): Promise<Record<Name, Contestant>> {
  const [jwk] = jwks.keys;
  if (jwk === undefined) throw new Error("the set is empty");
  const key = (await importJWK(jwk, alg)) as CryptoKey;
  const bytes = (text: string) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  const taken = new Map(
    tokens.map((token) => {
      const dot = token.lastIndexOf(".");
      return [token, { signature: bytes(token.slice(dot + 1)), signed: new TextEncoder().encode(token.slice(0, dot)) }];
    }),
  );
  const local = createLocalJWKSet(jwks);
  const aws = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks.json` });
  aws.cacheJwks({ keys: jwks.keys.map((one) => ({ use: "sig", ...one })) } as never);
  const verifier = createVerifier({ issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg], jwks: { keys: jwks.keys } } });
  return {
    nothing: () => undefined,
    raw: (token) => {
      const { signature, signed } = taken.get(token)!;
      return crypto.subtle.verify(PARAMETERS[alg]!, key, signature, signed);
    },
    jose: (token) => jwtVerify(token, local, { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] }),
    "aws-jwt-verify": (token) => aws.verify(token),
    tokenkeep: (token) => verifier.verify(token),
  };
}

/** Verifies one after the other. */
export async function runOver(contestant: Contestant, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) await contestant(token);
}
