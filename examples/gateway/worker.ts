// A gateway, the one way in. It verifies each request and passes it on: to a service of the same
// trust zone with headers that say who the user is, and to a service of another zone with a token
// that was exchanged for it. The user's own token goes to neither.

import { env } from "cloudflare:workers";
import { createVerifier, type ExecutionContextLike, type Verified } from "tokenkeep/edge";
import { createServiceTokens, ServiceTokenError } from "tokenkeep/service";

const verifier = createVerifier({
  issuers: {
    issuer: env.ISSUER,
    audience: env.AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${env.ISSUER}/.well-known/jwks.json`,
  },
  profile: "access-token",
});

const partners = createServiceTokens({
  issuer: env.ISSUER,
  tokenEndpoint: `${env.ISSUER}/token`,
  client: { id: "gateway", auth: { method: "private_key_jwt", key: JSON.parse(env.SERVICE_KEY) } },
  targets: { [env.STOCK]: { audience: env.STOCK, scopes: ["stock:read"] } },
});

/** What the services of our zone believe. `guard` removes what a client wrote into these. */
const IDENTITY = { "X-User-Id": "sub", "X-User-Email": "email" };

export default {
  fetch: verifier.guard(
    (request, _env, ctx, auth) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/orders/")) return inside(request);
      if (pathname.startsWith("/stock/")) return outside(request, ctx, auth);
      return new Response(null, { status: 404 });
    },
    { forward: IDENTITY },
  ),
};

/** Nobody but this Worker reaches it: it is bound here, and has no address. */
function inside(request: Request): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("Authorization");
  return env.ORDERS.fetch(new Request(request, { headers }));
}

/** Others reach it too: it believes the authorization server, and no header. */
async function outside(
  request: Request,
  ctx: ExecutionContextLike,
  auth: Verified,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of Object.keys(IDENTITY)) headers.delete(name);
  headers.delete("Cookie");
  const passed = new Request(env.STOCK + pathname + search, new Request(request, { headers }));
  try {
    return await partners.within(ctx).onBehalfOf(request, auth).fetch(passed);
  } catch (error) {
    if (!(error instanceof ServiceTokenError)) throw error;
    const { code, retryable, retryAfter } = error;
    // With 401 the page gets itself a new token.
    const isOver = code === "subject_expired" || error.error === "invalid_grant";
    return new Response(null, {
      status: isOver ? 401 : retryable ? 503 : 502,
      headers: retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) },
    });
  }
}

// `wrangler types` writes this from wrangler.json; SERVICE_KEY is a secret.
declare global {
  namespace Cloudflare {
    interface Env {
      ISSUER: string;
      AUDIENCE: string;
      STOCK: string;
      ORDERS: Fetcher;
      SERVICE_KEY: string;
    }
  }
}
