// The verifiers, each used as its documentation says: keys at hand, issuer, audience and algorithm
// checked, and `sub` read from the result. `raw` is the platform's signature check alone, which no
// verifier can beat.

import { JwtVerifier } from "aws-jwt-verify";
import { verifyWithJwks } from "hono/jwt";
import { createLocalJWKSet, importJWK, jwtVerify } from "jose";
import { createVerifier } from "tokenkeep/edge";
import { bytesOf, verifierByHand } from "./by-hand.ts";
import { AUDIENCE, type Field, ISSUER, SUBJECT } from "./field.ts";

/** Returns the token's `sub`. */
export type Contestant = (token: string) => unknown;

export const PARAMETERS = {
  RS256: "RSASSA-PKCS1-v1_5",
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: "Ed25519",
} as const;

/** How many tokens tokenkeep remembers here: fewer than a quick run shows it. */
const RESULTS = 200;

/** The contestants that run everywhere. */
export const EVERYWHERE = [
  "nothing",
  "raw",
  "by hand",
  "jose",
  "aws-jwt-verify",
  "hono",
  "tokenkeep",
] as const;

export async function contestantsOf({
  alg,
  jwks,
  tokens,
}: Field): Promise<Record<string, Contestant>> {
  const [jwk] = jwks.keys;
  if (jwk === undefined) throw new Error("the set is empty");
  const key = (await importJWK(jwk, alg)) as CryptoKey;
  const parameters = PARAMETERS[alg];
  const taken = new Map(
    tokens.map((token) => {
      const dot = token.lastIndexOf(".");
      return [
        token,
        {
          signature: bytesOf(token.slice(dot + 1)),
          signed: new TextEncoder().encode(token.slice(0, dot)),
        },
      ];
    }),
  );
  const byHand = verifierByHand(
    { issuer: ISSUER, audience: AUDIENCE, kid: "k1", alg, typ: "JWT" },
    (signature, signed) => crypto.subtle.verify(parameters, key, signature, signed),
  );
  const local = createLocalJWKSet(jwks);
  const aws = JwtVerifier.create({
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri: `${ISSUER}/jwks.json`,
  });
  aws.cacheJwks({ keys: jwks.keys.map((one) => ({ use: "sig", ...one })) } as never);
  const issuers = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: [alg],
    jwks: { keys: jwks.keys },
  };
  const verifier = createVerifier({ issuers, resultCacheSize: RESULTS });
  const contestants: Record<(typeof EVERYWHERE)[number], Contestant> = {
    nothing: () => undefined,
    raw: (token) => {
      const { signature, signed } = taken.get(token)!;
      return crypto.subtle.verify(parameters, key, signature, signed);
    },
    "by hand": async (token) => (await byHand(token)).sub,
    jose: async (token) =>
      (await jwtVerify(token, local, { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] }))
        .payload.sub,
    "aws-jwt-verify": async (token) => (await aws.verify(token)).sub,
    hono: async (token) =>
      (
        await verifyWithJwks(token, {
          keys: jwks.keys as never,
          allowedAlgorithms: [alg],
          verification: { iss: ISSUER, aud: AUDIENCE },
        })
      )["sub"],
    tokenkeep: async (token) => (await verifier.verify(token)).claims.sub,
  };
  return contestants;
}

/** A contestant that refuses a good token or accepts a bad one does not compete. */
export async function examine(
  contestants: Readonly<Record<string, Contestant>>,
  { tokens }: Field,
): Promise<void> {
  const [good = ""] = tokens;
  const dot = good.lastIndexOf(".") + 1;
  const forged = `${good.slice(0, dot + 9)}${good[dot + 9] === "A" ? "B" : "A"}${good.slice(dot + 10)}`;
  for (const [name, contestant] of Object.entries(contestants)) {
    if (name === "nothing" || name === "raw") continue;
    if ((await contestant(good)) !== SUBJECT) throw new Error(`${name} does not take a good token`);
    const refused = await Promise.resolve()
      .then(() => contestant(forged))
      .then(
        () => false,
        () => true,
      );
    if (!refused) throw new Error(`${name} takes a forged token`);
  }
}

/** Verifies one after the other, or this many at once. */
export async function runOver(
  contestant: Contestant,
  tokens: readonly string[],
  atOnce: number,
): Promise<void> {
  if (atOnce === 1) {
    for (const token of tokens) await contestant(token);
    return;
  }
  for (let place = 0; place < tokens.length; place += atOnce)
    await Promise.all(tokens.slice(place, place + atOnce).map(contestant));
}

/** What a turn is told in places that don't have the tokens. */
export interface Turn {
  readonly who: string;
  readonly from: number;
  readonly to: number;
  /** Verifies the first token this often instead. */
  readonly repeat: number;
  readonly atOnce: number;
}

export function tokensOf(
  { tokens }: Pick<Field, "tokens">,
  { from, to, repeat }: Omit<Turn, "who" | "atOnce">,
): readonly string[] {
  if (repeat === 0) return tokens.slice(from, to);
  // As from the header of a request: the same letters, but a new string each time, whose hash the
  // engine has not computed yet.
  const header = `Bearer ${tokens[from] ?? ""}`;
  return Array.from({ length: repeat }, () => header.slice("Bearer ".length));
}
