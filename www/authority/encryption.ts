// Access tokens that nobody but their audience can read (RFC 7516). An API that wants that has a
// key pair. The authority signs as ever, and encrypts what it has signed for the public half.

import { CompactEncrypt, importJWK, type JSONWebKeySet, type JWK } from "jose";
import { tenantsOf } from "../tenants.ts";
import type { AuthorityBindings } from "./settings.ts";

const ALGORITHM = "ECDH-ES+A256KW";

/** The token, encrypted where its audience has keys. */
export async function encryptFor(
  bindings: AuthorityBindings,
  audience: string,
  token: string,
): Promise<string> {
  const jwk = keysOf(bindings).get(audience);
  if (jwk === undefined) return token;
  const { kid } = jwk;
  return new CompactEncrypt(new TextEncoder().encode(token))
    .setProtectedHeader({
      alg: ALGORITHM,
      enc: "A256GCM",
      cty: "JWT",
      ...(kid === undefined ? {} : { kid }),
    })
    .encrypt(await importJWK(jwk, ALGORITHM));
}

/** The binding ENCRYPTION_KEYS: of each audience the first key, which is the newest. */
function keysOf(bindings: AuthorityBindings): ReadonlyMap<string, JWK> {
  const sets: unknown = JSON.parse(bindings.ENCRYPTION_KEYS ?? "{}");
  const keys = new Map<string, JWK>();
  for (const [audience, set] of Object.entries(sets as Record<string, Partial<JSONWebKeySet>>)) {
    const [newest] = set.keys ?? [];
    if (newest === undefined) throw new Error("each of ENCRYPTION_KEYS needs keys");
    keys.set(audience, newest);
  }
  // It reads these itself: at an operator's call, and before an exchange.
  if (tenantsOf(bindings).some(({ audience }) => keys.has(audience)))
    throw new Error("ENCRYPTION_KEYS must not name the audience of a tenant");
  return keys;
}
