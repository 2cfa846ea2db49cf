// What the entry points that call a provider load for `private_key_jwt`: assertions by which a
// client proves who it is (RFC 7523). oauth4webapi makes and signs them.

import { type ClientAuth, modifyAssertion, type PrivateKey, PrivateKeyJwt } from "oauth4webapi";
import type { Auth } from "./oauth/client.js";

/** @param now the time of assertions, in milliseconds since the epoch */
export function assertionBy({ key, kid, typ }: Auth, now: () => number): ClientAuth {
  // `use` and `key_ops` may say what the other side does with the key.
  const { use: _use, key_ops: _operations, ...jwk } = key as JsonWebKey & { kid?: string };
  let ready = key instanceof CryptoKey ? key : undefined;
  return async (...request) => {
    // The key and no promise of it: on Workers a promise belongs to the request that made it.
    ready ??= await crypto.subtle.importKey("jwk", jwk, algorithmOf(jwk), false, ["sign"]);
    const authenticate = PrivateKeyJwt({ key: ready, kid: kid ?? jwk.kid } as PrivateKey, {
      [modifyAssertion](header, payload) {
        if (typ !== null) header["typ"] = typ ?? "client-authentication+jwt";
        const iat = Math.floor(now() / 1000);
        Object.assign(payload, { iat, nbf: iat, exp: iat + 60 });
      },
    });
    await authenticate(...request);
  };
}

/** How the platform imports a JWK for signatures (RFC 7518 section 3.1, RFC 8037). */
function algorithmOf({ kty, crv, alg = "RS256" }: JsonWebKey) {
  const name = { EC: "ECDSA", OKP: "Ed25519" }[kty as string];
  return {
    name: name ?? (alg.startsWith("P") ? "RSA-PSS" : "RSASSA-PKCS1-v1_5"),
    namedCurve: crv as string,
    hash: `SHA-${alg.slice(2)}`,
  };
}
