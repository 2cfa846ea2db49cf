// How a client of an authorization server proves who it is: as options say it, and as oauth4webapi
// takes it.

import type { Client, ClientAuth } from "oauth4webapi";
import { loadAssertion } from "../chunks.js";
import type { Jwk } from "../edge/options/types.js";
import {
  type Check,
  type Invalid,
  isText,
  members,
  must,
  oneOf,
  optional,
  read,
  text,
} from "../options.js";
import { oauth } from "./library.js";
import type { ClientAuthentication } from "./types.js";

/** The client for oauth4webapi, and what proves it in each call. */
export interface KnownClient {
  readonly client: Client;
  readonly authenticate: ClientAuth;
}

/** What each method has beside its name. */
const NEEDS = {
  client_secret_basic: "secret",
  client_secret_post: "secret",
  private_key_jwt: "key",
  tls_client_auth: "method",
} as const satisfies Record<ClientAuthentication["method"], string>;

/** Made when it is used, as the next one: a bundler leaves out functions that nobody calls. */
const authTable = () =>
  members({
    method: oneOf(...(Object.keys(NEEDS) as (keyof typeof NEEDS)[])),
    secret: optional(text),
    key: optional(
      must<CryptoKey | Jwk>("a private CryptoKey or JWK", (given) =>
        given instanceof CryptoKey
          ? given.type === "private"
          : Object.hasOwn(Object(given), "d") && isText((given as Jwk).d),
      ),
    ),
    kid: optional(text),
    typ: optional((given, fail) => (given === null ? null : text(given, fail))),
  });

export type Auth = ReturnType<ReturnType<typeof authTable>>;

const clientTable = () =>
  members({
    id: text,
    auth(given, fail) {
      const auth = authTable()(given, fail);
      const needed = NEEDS[auth.method];
      return auth[needed] ? auth : fail("is needed", needed);
    },
  });

/** What makes the client, by the time of its assertions: milliseconds since the epoch. */
export const client: Check<(now: () => number) => KnownClient> = (given, fail) => {
  const { id, auth } = clientTable()(given, fail);
  const { method, secret = "" } = auth;
  return (now) => ({
    client: { client_id: id, use_mtls_endpoint_aliases: method === "tls_client_auth" },
    authenticate: {
      client_secret_basic: oauth.ClientSecretBasic,
      client_secret_post: oauth.ClientSecretPost,
      private_key_jwt: () => assertion(auth, now),
      tls_client_auth: oauth.TlsClientAuth,
    }[method](secret),
  });
};

export const clientOf = (given: unknown, invalid: Invalid, now: () => number): KnownClient =>
  read(members({ client }), { client: given }, invalid).client(now);

/** Makes the assertion of each call (RFC 7523). */
function assertion(auth: Auth, now: () => number): ClientAuth {
  let authenticate: ClientAuth | undefined;
  return async (...request) => {
    const { assertionBy } = await loadAssertion();
    authenticate ??= assertionBy(auth, now);
    await authenticate(...request);
  };
}
