// How a client of an authorization server proves who it is: as options say it, and as oauth4webapi
// takes it. oauth4webapi speaks the protocol for the entries that call a provider: it is certified,
// small, has no dependencies, and runs wherever there is `fetch`.

import {
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  modifyAssertion,
  PrivateKeyJwt,
  TlsClientAuth,
} from "oauth4webapi";
import { ownMembers } from "../edge/options/own.js";
import type { Jwk } from "../edge/options/types.js";

/**
 * How the authorization server knows this client (OpenID Connect Core 1.0 section 9).
 *
 * - `client_secret_basic`, `client_secret_post`: the secret that both know.
 * - `private_key_jwt`: a signed assertion (RFC 7523). `key` is private, for signatures alone. Of a
 *   JWK, `alg` says which; without it that of its type and curve, for RSA RS256. `typ` is that of
 *   the assertion's header, "client-authentication+jwt" by default; null leaves it out, for servers
 *   that do not know it.
 * - `tls_client_auth`: the client's certificate (RFC 8705), which the option `fetch` presents.
 */
export type ClientAuthentication =
  | { method: "client_secret_basic" | "client_secret_post"; secret: string }
  | { method: "private_key_jwt"; key: CryptoKey | Jwk; kid?: string; typ?: string | null }
  | { method: "tls_client_auth" };

/** A client that the authorization server knows. */
export interface ClientOptions {
  id: string;
  auth: ClientAuthentication;
}

/** The client for oauth4webapi, and what proves it in each call. */
export interface KnownClient {
  readonly client: Client;
  readonly authenticate: ClientAuth;
}

/** Makes the error for an option: its name, and what is wrong with it. */
export type Invalid = (option: string, problem: string) => Error;

/** @param now the time of assertions, in milliseconds since the epoch */
export function clientOf(given: ClientOptions, invalid: Invalid, now: () => number): KnownClient {
  if (typeof given !== "object" || given === null) throw invalid("client", "must be an object");
  const { id, auth } = ownMembers(given, ["id", "auth"]);
  if (typeof id !== "string" || id === "") throw invalid("client.id", "must be a text");
  if (typeof auth !== "object" || auth === null)
    throw invalid("client.auth", "must be an object with a `method`");
  return {
    client: {
      client_id: id,
      use_mtls_endpoint_aliases: ownMembers(auth, ["method"]).method === "tls_client_auth",
    },
    authenticate: authentication(auth, invalid, now),
  };
}

function authentication(
  given: ClientAuthentication,
  invalid: Invalid,
  now: () => number,
): ClientAuth {
  const auth = ownMembers(given as Everything, ["method", "secret", "key", "kid", "typ"]);
  switch (auth.method) {
    case "client_secret_basic":
    case "client_secret_post":
      if (typeof auth.secret !== "string" || auth.secret === "")
        throw invalid("client.auth.secret", "must be a text");
      return auth.method === "client_secret_basic"
        ? ClientSecretBasic(auth.secret)
        : ClientSecretPost(auth.secret);
    case "private_key_jwt":
      return signedAssertion(auth, invalid, now);
    case "tls_client_auth":
      return TlsClientAuth();
    default:
      throw invalid(
        "client.auth.method",
        "must be client_secret_basic, client_secret_post, private_key_jwt or tls_client_auth",
      );
  }
}

type Everything = {
  method: ClientAuthentication["method"];
  secret?: string;
  key?: CryptoKey | Jwk;
  kid?: string;
  typ?: string | null;
};

function signedAssertion(auth: Everything, invalid: Invalid, now: () => number): ClientAuth {
  const { key: given, typ = "client-authentication+jwt" } = auth;
  if (typeof given !== "object" || given === null)
    throw invalid("client.auth.key", "must be a CryptoKey or a JWK");
  const isReady = given instanceof CryptoKey;
  if (isReady ? given.type !== "private" : !("d" in given))
    throw invalid("client.auth.key", "must be private");
  if (typ !== null && typeof typ !== "string")
    throw invalid("client.auth.typ", "must be a text or null");
  const kid = auth.kid ?? (isReady ? undefined : given.kid);
  if (kid !== undefined && (typeof kid !== "string" || kid === ""))
    throw invalid("client.auth.kid", "must be a text");
  const algorithm = isReady ? null : algorithmOf(given);
  if (algorithm === undefined)
    throw invalid("client.auth.key", "must be of RSA, of P-256, P-384, P-521, or of Ed25519");
  let key = isReady ? given : undefined;
  return async (server, client, body, headers) => {
    // The key and no promise of it: on Workers a promise belongs to the request that made it.
    key ??= await crypto.subtle.importKey(
      "jwk",
      withoutUses(given as Jwk),
      algorithm as EcKeyImportParams,
      false,
      ["sign"],
    );
    const authenticate = PrivateKeyJwt(kid === undefined ? { key } : { key, kid }, {
      [modifyAssertion](header, payload) {
        if (typ !== null) header.typ = typ;
        const seconds = Math.floor(now() / 1000);
        Object.assign(payload, { iat: seconds, nbf: seconds, exp: seconds + 60 });
      },
    });
    await authenticate(server, client, body, headers);
  };
}

/** A JWK less `use` and `key_ops`, which may say what the other side does with the key. */
function withoutUses({ use, key_ops, ...members }: Jwk): JsonWebKey {
  return members;
}

/** How the platform imports a JWK for signatures (RFC 7518 section 3.1, RFC 8037). */
function algorithmOf(jwk: Jwk): EcKeyImportParams | RsaHashedImportParams | undefined {
  const { kty, crv = "", alg = "RS256" } = ownMembers(jwk, ["kty", "crv", "alg"]);
  if (kty === "RSA" && /^[RP]S(256|384|512)$/.test(alg)) {
    const name = alg.startsWith("P") ? "RSA-PSS" : "RSASSA-PKCS1-v1_5";
    return { name, hash: `SHA-${alg.slice(2)}` };
  }
  if (kty === "EC" && /^P-(256|384|521)$/.test(crv)) return { name: "ECDSA", namedCurve: crv };
  if (kty === "OKP" && crv === "Ed25519") return { name: "Ed25519" } as EcKeyImportParams;
  return undefined;
}
