// How an application says who it is at an authorization server: public types.

import type { Jwk } from "../edge/options/types.js";
import type { WebCryptoKey } from "../shared/web-crypto-key.js";

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
  | { method: "private_key_jwt"; key: WebCryptoKey | Jwk; kid?: string; typ?: string | null }
  | { method: "tls_client_auth" };

/** A client that the authorization server knows. */
export interface ClientOptions {
  id: string;
  auth: ClientAuthentication;
}
