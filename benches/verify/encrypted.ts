// Encrypted tokens at first sight: A256KW with A256GCM outside, ES256 inside. jose gets its keys
// ready for use, as tokenkeep has them after the first token.

import { CompactEncrypt, compactDecrypt, createLocalJWKSet, jwtVerify } from "jose";
import { createVerifier, type Jwk } from "tokenkeep/edge";
import { decryption } from "tokenkeep/jwe";
import type { Contestant } from "./contestants.ts";
import { AUDIENCE, type Field, fieldOf, ISSUER } from "./field.ts";

export interface EncryptedField extends Field {
  readonly secret: Jwk & { readonly k: string };
}

export const NAMES = ["jose", "tokenkeep"] as const;

/** How many tokens tokenkeep remembers here: fewer than come before one comes again. */
const RESULTS = 50;

const bytesOf = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
    character.charCodeAt(0),
  );

export async function encryptedFieldOf(count: number): Promise<EncryptedField> {
  const { alg, jwks, tokens } = await fieldOf("ES256", count, 0);
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const k = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  const secret = { kty: "oct", k: k.replaceAll("=", "") };
  const encrypt = (token: string) =>
    new CompactEncrypt(new TextEncoder().encode(token))
      .setProtectedHeader({ alg: "A256KW", enc: "A256GCM", cty: "JWT" })
      .encrypt(bytes);
  return { alg, jwks, secret, tokens: await Promise.all(tokens.map(encrypt)) };
}

export async function encryptedContestantsOf({
  jwks,
  secret,
}: EncryptedField): Promise<Record<(typeof NAMES)[number], Contestant>> {
  const usages: KeyUsage[] = ["unwrapKey"];
  const key = await crypto.subtle.importKey("raw", bytesOf(secret.k), "AES-KW", false, usages);
  const local = createLocalJWKSet(jwks);
  const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] };
  const allowed = {
    keyManagementAlgorithms: ["A256KW"],
    contentEncryptionAlgorithms: ["A256GCM"],
  };
  const decoder = new TextDecoder();
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwks: { keys: jwks.keys },
    },
    resultCacheSize: RESULTS,
    encryption: decryption({
      keys: [{ key: secret, issuer: ISSUER }],
      keyManagement: ["A256KW"],
      contentEncryption: ["A256GCM"],
    }),
  });
  return {
    jose: async (token) => {
      const { plaintext } = await compactDecrypt(token, key, allowed);
      return (await jwtVerify(decoder.decode(plaintext), local, expected)).payload.sub;
    },
    tokenkeep: async (token) => (await verifier.verify(token)).claims.sub,
  };
}
