// Calls the second API for the user whose request is served. The user's token is exchanged for one
// that is for that API alone (RFC 8693); it is kept, and the user's own token goes no further.

import { Hono } from "hono";
import { createServiceTokens, ServiceTokenError, type ServiceTokens } from "tokenkeep/service";
import type { ApiBindings } from "./bindings.ts";
import type { GuardedEnv } from "./guard.ts";

let tokensOfThisIsolate: ServiceTokens | undefined;

/** Null where the API has no second one behind it. */
function tokensOf(bindings: ApiBindings): ServiceTokens | null {
  const { ISSUER, AUTHORITY, SERVICE_ID = "api", SERVICE_KEY, STOCK, STOCK_AUDIENCE } = bindings;
  if (STOCK === undefined || STOCK_AUDIENCE === undefined || SERVICE_KEY === undefined) return null;
  return (tokensOfThisIsolate ??= createServiceTokens({
    issuer: ISSUER,
    tokenEndpoint: `${ISSUER}/token`,
    client: { id: SERVICE_ID, auth: { method: "private_key_jwt", key: JSON.parse(SERVICE_KEY) } },
    targets: {
      [new URL(STOCK_AUDIENCE).origin]: { audience: STOCK_AUDIENCE, scopes: ["stock:read"] },
    },
    // Neither Worker can be fetched by its address.
    fetch: (url, init) => AUTHORITY.fetch(url, init as RequestInit<RequestInitCfProperties>),
    transport: (request) => STOCK.fetch(request),
    onEvent: (event) => console.log(JSON.stringify(event)),
  }));
}

export const stock = new Hono<GuardedEnv>();

stock.get("/stock", async (c) => {
  // The services of the authority are those of its first tenant.
  const tokens = c.var.tenant.id === "main" ? tokensOf(c.env) : null;
  if (tokens === null) return c.json({ error: "not_found" }, 404);
  try {
    const answer = await tokens
      .within(c.executionCtx)
      .onBehalfOf(c.req.raw, c.var.auth)
      .fetch(`${c.env.STOCK_AUDIENCE}/items`);
    return c.json(await answer.json(), answer.status as 200);
  } catch (error) {
    if (!(error instanceof ServiceTokenError)) throw error;
    return refuse(error);
  }
});

/** What the page is told: refresh, try later, or that this is not its fault. */
function refuse({ code, error, retryable, retryAfter = 5 }: ServiceTokenError): Response {
  const isOver = code === "subject_expired" || error === "invalid_grant";
  const status = isOver ? 401 : retryable ? 503 : 502;
  const headers = new Headers({ "Cache-Control": "no-store" });
  if (isOver) headers.set("WWW-Authenticate", 'Bearer realm="api", error="invalid_token"');
  if (retryable) headers.set("Retry-After", String(retryAfter));
  return Response.json({ error: code }, { status, headers });
}
