// The demo's controls. They wrap the API: they make it refuse good tokens, play a thief, and count.
// They are mounted only where the binding DEMO is "on". Leave them out of a copy: their state is in
// the memory of one isolate.

import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { VerifyError } from "tokenkeep/edge";
import { allowedOrigins, isForeign } from "../origins.ts";
import { api } from "./app.ts";
import { actedCalls } from "./audit.ts";
import { allowTheApp } from "./cors.ts";
import { log, steal, tokenIn } from "./demo/theft.ts";
import { findTenant, type GuardedEnv, REALM, requireAccessToken, verificationOf } from "./guard.ts";

const refusedTokens = new Set<string>();
let refusesAll = false;
const stats = { total: 0, ok: 0, refused: 0 };

export const demo = new Hono<GuardedEnv>();
const CALLS = ["/api/*", "/tenants/:tenant/api/*"];
const controls = new Hono<GuardedEnv>();
controls.use(allowTheApp, findTenant);
controls.use(async (c, next) => {
  if (c.req.method === "POST" && isForeign(c.req.raw, allowedOrigins(c.env)))
    return c.json({ error: "origin_not_allowed" }, 403);
  return next();
});

/**
 * Refuses the token of this call from now on. Only a good token gets here, so the set stays small.
 */
controls.post("/refuse", requireAccessToken(), (c) => {
  const token = tokenIn(c.req.raw);
  if (token !== null) refusedTokens.add(token);
  return c.body(null, 204);
});

/** Revokes the token of this call in KV, for every isolate. */
controls.post("/revoke", requireAccessToken(), async (c) => {
  const { issuer, claims } = c.var.auth;
  await verificationOf(c.env).revocation.revokeToken(issuer, claims.jti ?? "", claims.exp ?? 0);
  return c.body(null, 204);
});

/** What nobody should do: hands the user's own token on to the second API, which refuses it. */
controls.post("/forward", requireAccessToken(), async (c) => {
  const { STOCK, STOCK_AUDIENCE } = c.env;
  if (STOCK === undefined) return c.json({ error: "not_found" }, 404);
  const { status, headers } = await STOCK.fetch(`${STOCK_AUDIENCE}/items`, {
    headers: { Authorization: c.req.header("Authorization") ?? "" },
  });
  return c.json({ status, challenge: headers.get("WWW-Authenticate") });
});

/** Steals the token of this call, with the headers of the last one, and tries what it opens. */
controls.post("/steal", requireAccessToken(), async (c) => {
  const attempts = await steal(tokenIn(c.req.raw) ?? "", (request) =>
    api.fetch(request, c.env, c.executionCtx),
  );
  return attempts === null
    ? c.json({ error: "not_found" }, 404)
    : c.json({ attempts }, 200, { "Cache-Control": "no-store" });
});

/** Refuses every token from now on, fresh ones too: an API that disagrees with the authority. */
controls.post("/refuse-all", (c) => {
  refusesAll = true;
  return c.body(null, 204);
});

controls.post("/accept-all", (c) => {
  refusesAll = false;
  refusedTokens.clear();
  return c.body(null, 204);
});

/** What somebody did for a user of the tenant, newest first. */
controls.get("/acted", requireAccessToken({ roles: ["operator"], delegation: "forbid" }), (c) =>
  c.json({ calls: actedCalls.filter(({ tenant }) => tenant === c.var.tenant.id) }, 200, {
    "Cache-Control": "no-store",
  }),
);

controls.get("/stats", (c) => c.json(stats, 200, { "Cache-Control": "no-store" }));

const count = createMiddleware(async (c, next) => {
  await next();
  if (c.req.method === "OPTIONS") return;
  stats.total += 1;
  if (c.res.ok) stats.ok += 1;
  if (c.res.status === 401) stats.refused += 1;
});

demo.route("/demo", controls);
demo.route("/tenants/:tenant/demo", controls);
for (const path of CALLS) demo.use(path, count);
demo.all("*", async (c) => {
  const token = tokenIn(c.req.raw);
  const isCall = c.req.method !== "OPTIONS" && /^(\/tenants\/[^/]+)?\/api\//.test(c.req.path);
  if (isCall && token !== null && (refusesAll || refusedTokens.has(token))) {
    await allowTheApp(c, async () => {
      c.res = new VerifyError("token.revoked").response({ realm: REALM });
    });
    return c.res;
  }
  const answer = await api.fetch(c.req.raw, c.env, c.executionCtx);
  if (token !== null && answer.ok && c.req.path === "/api/me") log(c.req.raw, token);
  return answer;
});
