// The authorization server of the cells: oidc-provider, with a client that signs users in and one
// that is a service.

import type { Configuration } from "oidc-provider";
import { OIDC_SECRET, Oidc } from "../mediator/oidc.ts";

const API = "https://things.example";
const OPAQUE = "https://opaque.example";

export interface Provider {
  /** What the programs are told of it. */
  readonly about: {
    readonly issuer: string;
    /** Whose tokens are JWTs. */
    readonly audience: string;
    /** Whose tokens are opaque. */
    readonly opaque: string;
    readonly secret: string;
  };
  stop(): Promise<void>;
}

export async function startProvider(): Promise<Provider> {
  const oidc = await Oidc.start({
    mediator: "https://app.example.com/session",
    change: (base): Configuration => ({
      ...base,
      clients: [
        ...(base.clients ?? []),
        {
          client_id: "orders",
          client_secret: OIDC_SECRET,
          grant_types: ["client_credentials"],
          redirect_uris: [],
          response_types: [],
        },
      ],
      ttl: { ...base.ttl, ClientCredentials: 300 },
      clientDefaults: { id_token_signed_response_alg: "ES256" },
      features: {
        // The types leave open which of two features it may have.
        ...(base.features as object),
        clientCredentials: { enabled: true },
        introspection: { enabled: true, allowedPolicy: () => true },
        resourceIndicators: {
          ...base.features?.resourceIndicators,
          getResourceServerInfo: (_context, audience) => ({
            scope: "read",
            audience,
            accessTokenFormat: audience === OPAQUE ? "opaque" : "jwt",
            accessTokenTTL: 300,
            jwt: { sign: { alg: "ES256" } },
          }),
        },
      },
    }),
  });
  return {
    about: { issuer: oidc.issuer, audience: API, opaque: OPAQUE, secret: OIDC_SECRET },
    stop: () => oidc.stop(),
  };
}
