// The contestants of Node alone: with node:crypto, whose verification is synchronous.

import { createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import { createVerifier } from "../peers/node.ts";
import { verifierByHand } from "./by-hand.ts";
import type { Contestant } from "./contestants.ts";
import { AUDIENCE, type Field, ISSUER } from "./field.ts";

/** The same by the names of node:crypto. */
function checkOf(alg: Field["alg"], key: KeyObject) {
  const hash = alg === "EdDSA" ? null : "sha256";
  const how = alg === "ES256" ? ({ key, dsaEncoding: "ieee-p1363" } as const) : key;
  return (signature: Uint8Array, signed: Uint8Array) => verify(hash, signed, how, signature);
}

export function nodeContestantsOf({ alg, jwks }: Field): Record<string, Contestant> {
  const key = createPublicKey({ key: jwks.keys[0] as JsonWebKey, format: "jwk" });
  const byHand = verifierByHand(
    { issuer: ISSUER, audience: AUDIENCE, kid: "k1", alg, typ: "JWT" },
    checkOf(alg, key),
  );
  const fast = createVerifier({
    key: key.export({ format: "pem", type: "spki" }) as string,
    algorithms: [alg],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
  });
  return {
    "by hand, node:crypto": async (token) => (await byHand(token)).sub,
    "fast-jwt": (token) => (fast(token) as { sub: string }).sub,
  };
}
