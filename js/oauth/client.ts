// How a client of an authorization server proves who it is: as options say it, and as oauth4webapi
// takes it.

import type { Client, ClientAuth } from "oauth4webapi";
import { loadAssertion } from "../chunks.js";
import type { Jwk } from "../edge/options/types.js";
import { type Check, isText, members, must, oneOf, optional, text } from "../shared/options.js";
import { oauth } from "./library.js";
import type { ClientAuthentication } from "./types.js";

/** The client for oauth4webapi, and what proves it in each call. */
export interface KnownClient {
  readonly client: Client;
  readonly authenticate: ClientAuth;
}

type Clock = () => number;

/** What each method has beside its name, and how it proves the client with that. */
const METHODS: Readonly<
  Record<
    ClientAuthentication["method"],
    readonly [needs: "secret" | "key" | "method", proof: (auth: Auth, now: Clock) => ClientAuth]
  >
> = {
  client_secret_basic: ["secret", ({ secret = "" }) => oauth.ClientSecretBasic(secret)],
  client_secret_post: ["secret", ({ secret = "" }) => oauth.ClientSecretPost(secret)],
  private_key_jwt: ["key", (auth, now) => assertion(auth, now)],
  tls_client_auth: ["method", () => oauth.TlsClientAuth()],
};

/** Made when it is used, as the next one: a bundler leaves out functions that nobody calls. */
const authTable = () =>
  members({
    method: oneOf(...(Object.keys(METHODS) as ClientAuthentication["method"][])),
    secret: optional(text),
    key: optional(
      must<CryptoKey | Jwk>("a private CryptoKey or JWK", (given) =>
        given instanceof CryptoKey
          ? given.type === "private"
          : isText({ __proto__: null, ...(given as Jwk) }.d),
      ),
    ),
    kid: optional(text),
    typ: optional((given, fail) => (given === null ? null : text(given, fail))),
  });

export type Auth = ReturnType<ReturnType<typeof authTable>>;

const clientTable = () => members({ id: text, auth: authTable() });

/** What makes the client, by the time of its assertions: milliseconds since the epoch. */
export const client: Check<(now: Clock) => KnownClient> = (given, fail) => {
  const { id, auth } = clientTable()(given, fail);
  const [needed, proof] = METHODS[auth.method];
  if (!auth[needed]) fail("is needed", "auth", needed);
  return (now) => ({
    client: { client_id: id, use_mtls_endpoint_aliases: auth.method === "tls_client_auth" },
    authenticate: proof(auth, now),
  });
};

/** Makes the assertion of each call (RFC 7523). */
function assertion(auth: Auth, now: Clock): ClientAuth {
  let authenticate: ClientAuth | undefined;
  return async (...request) => {
    const { assertionBy } = await loadAssertion();
    authenticate ??= assertionBy(auth, now);
    await authenticate(...request);
  };
}
