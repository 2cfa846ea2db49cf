// A Worker with Cloudflare's own types instead of "dom".

import {
  cacheJwksStore,
  createVerifier,
  kvJwksStore,
  kvRevocation,
  type Verifier,
} from "tokenkeep/edge";
import { d1Sessions, durableSessions, SessionObject, type SessionStore } from "tokenkeep/mediator";

interface Env {
  readonly KEYS: KVNamespace;
  readonly REVOKED: KVNamespace;
  readonly AUTHORITY: Fetcher;
  readonly DB: D1Database;
  readonly SESSIONS: DurableObjectNamespace;
}

function verifierOf(env: Env): Verifier {
  return createVerifier({
    issuers: {
      issuer: "https://auth.example.com",
      audience: "https://api.example.com",
      algorithms: ["ES256"],
      jwksUri: "https://auth.example.com/jwks",
    },
    revocation: kvRevocation(env.REVOKED),
    jwks: {
      store: Math.random() < 0.5 ? kvJwksStore(env.KEYS) : cacheJwksStore(caches.default),
      fetch: (input, init) => env.AUTHORITY.fetch(input, init),
    },
  });
}

export const worker = {
  fetch: (request, env, ctx) =>
    verifierOf(env).guard<Env>((_request, _env, _ctx, auth) => new Response(auth.claims.sub))(
      request,
      env,
      ctx,
    ),
} satisfies ExportedHandler<Env>;

export const stores = (env: Env): SessionStore[] => [
  d1Sessions(env.DB),
  durableSessions(env.SESSIONS),
];
export const objectOf = (state: DurableObjectState): SessionObject => new SessionObject(state);
