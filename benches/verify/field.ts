// The tokens for the contests, and their key set.

import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://api.example";
export const SUBJECT = "alice";

export const ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
export type Alg = (typeof ALGORITHMS)[number];

/** The claim that every contestant has to read. */
export interface Subject {
  readonly sub: string;
}

export interface Field {
  readonly alg: Alg;
  readonly jwks: JSONWebKeySet;
  readonly tokens: readonly string[];
}

export interface Signer {
  readonly jwks: JSONWebKeySet;
  token(place: number, padding?: number): Promise<string>;
}

/** A new key, and tokens signed by it with claims of about 300 bytes plus the padding. */
export async function signerOf(alg: Alg, kid = "k1"): Promise<Signer> {
  const { privateKey, publicKey } = (await generateKeyPair(alg, { extractable: true })) as {
    privateKey: CryptoKey;
    publicKey: CryptoKey;
  };
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: "sig" }] };
  const token = (place: number, padding = 0) =>
    new SignJWT({
      scope: "read write profile orders",
      client_id: "app",
      roles: ["user", "editor"],
      name: "Alice Example",
      email: "alice@example.com",
      jti: `t${place}`,
      ...paddingOf(padding),
    })
      .setProtectedHeader({ alg, kid, typ: "JWT" })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(SUBJECT)
      .setIssuedAt()
      .setExpirationTime("6h")
      .sign(privateKey);
  return { jwks, token };
}

/** Further claims, together of this many bytes, as an authority with many groups writes them. */
function paddingOf(bytes: number): { groups?: string[] } {
  if (bytes === 0) return {};
  return {
    groups: Array.from({ length: Math.round(bytes / 40) }, (_, place) =>
      `organisation/team-${String(place).padStart(4, "0")}/members-all`.slice(0, 37),
    ),
  };
}

export async function fieldOf(alg: Alg, count: number, padding: number): Promise<Field> {
  const { jwks, token } = await signerOf(alg);
  return {
    alg,
    jwks,
    tokens: await Promise.all(Array.from({ length: count }, (_, place) => token(place, padding))),
  };
}
