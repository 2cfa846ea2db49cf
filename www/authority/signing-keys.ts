// A signing key: making it, sealing it for the database, and opening it for signing.

import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import { type Seal, seal, unseal } from "./sealing.ts";

export const ALGORITHMS = ["ES256", "RS256"] as const;
export type Alg = (typeof ALGORITHMS)[number];

export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
}

/** A key as the database has it. */
export interface StoredKey {
  kid: string;
  alg: string;
  publicJwk: string;
  sealedPrivateJwk: string;
}

export function isAlg(text: string): text is Alg {
  return (ALGORITHMS as readonly string[]).includes(text);
}

/** `secret`: KEY_ENCRYPTION_SECRET. The private key can be exported here and nowhere else. */
export async function makeKey(alg: Alg, tenantId: string, secret: string): Promise<StoredKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, {
    extractable: true,
    modulusLength: 2048,
  });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const sealedPrivateJwk = await seal(
    JSON.stringify(await exportJWK(privateKey)),
    sealOf(kid, tenantId, secret),
  );
  return {
    kid,
    alg,
    publicJwk: JSON.stringify({ ...jwk, kid, alg, use: "sig" }),
    sealedPrivateJwk,
  };
}

/**
 * Opened keys by kid. A kid is the thumbprint of its key, so that an entry can't be out of date.
 */
const opened = new Map<string, CryptoKey>();
const MOST_OPENED = 32;

export async function openKey(
  { kid, alg, sealedPrivateJwk }: Omit<StoredKey, "publicJwk">,
  tenantId: string,
  secret: string,
): Promise<SigningKey> {
  let privateKey = opened.get(kid);
  if (privateKey === undefined) {
    const jwk = JSON.parse(await unseal(sealedPrivateJwk, sealOf(kid, tenantId, secret))) as JWK;
    const imported = await importJWK(jwk, alg, { extractable: false });
    if (imported instanceof Uint8Array) throw new Error("a signing key must not be symmetric");
    if (opened.size >= MOST_OPENED) opened.clear();
    opened.set(kid, (privateKey = imported));
  }
  return { kid, alg, privateKey };
}

function sealOf(kid: string, tenantId: string, secret: string): Seal {
  return { secret, purpose: "tokenkeep signing key", context: `${tenantId} ${kid}` };
}
