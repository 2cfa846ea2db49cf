// A Worker that only requests with a good access token reach. What was revoked, and the key set,
// stand in KV, for all isolates.

import { env } from "cloudflare:workers";
import { createVerifier, kvJwksStore, kvRevocation } from "tokenkeep/edge";

const revocation = kvRevocation(env.SHARED);

const verifier = createVerifier({
  issuers: {
    issuer: env.ISSUER,
    audience: env.AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${env.ISSUER}/.well-known/jwks.json`,
  },
  profile: "access-token",
  revocation,
  jwks: { store: kvJwksStore(env.SHARED) },
});

export default {
  fetch: verifier.guard(
    async (request, _env, _ctx, { claims, issuer }) => {
      const { pathname } = new URL(request.url);
      if (request.method === "POST" && pathname === "/sign-out") {
        // The access-token profile lets no token in that lacks these two.
        await revocation.revokeToken(issuer, claims.jti ?? "", claims.exp ?? 0);
        return new Response(null, { status: 204 });
      }
      return Response.json({ hello: claims.sub });
    },
    { scopes: ["read"], realm: "example" },
  ),
};

// `wrangler types` writes this from wrangler.json.
declare global {
  namespace Cloudflare {
    interface Env {
      SHARED: KVNamespace;
      ISSUER: string;
      AUDIENCE: string;
    }
  }
}
