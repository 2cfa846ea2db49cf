// The authority: its routes, and the headers of all its answers. Each tenant has all of the routes:
// `main` at the root, the others under /tenants/<id>.

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { stayOnHttps } from "../transport.ts";
import { allowTheApp, refuseForgedCalls } from "./callers.ts";
import { type Env, findTenant } from "./context.ts";
import { readProof } from "./proofs.ts";
import { acting } from "./routes/acting.ts";
import { exchange } from "./routes/exchange.ts";
import { keySet } from "./routes/key-set.ts";
import { operator } from "./routes/operator.ts";
import { ownSessions } from "./routes/own-sessions.ts";
import { session } from "./routes/session.ts";
import { stepUp } from "./routes/step-up.ts";

/** No call of this authority needs a larger body: an exchange has two tokens in it. */
const BODY_LIMIT_BYTES = 4096;

const storeNothing = createMiddleware<Env>(async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});

const limitBody = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError: (c) => c.json({ error: "body_too_large" }, 413),
});

const tenant = new Hono<Env>();
tenant.use(findTenant);
tenant.route("/.well-known", keySet);

for (const path of ["/session/*", "/operator/*"]) {
  tenant.use(path, storeNothing, allowTheApp, limitBody);
}
// A browser sends the cookie of these calls whichever page asks for it. The operator's calls carry
// a token, which a page has to add itself.
tenant.use("/session/*", refuseForgedCalls, readProof);
tenant.route("/session", session);
tenant.route("/session", ownSessions);
tenant.route("/session", stepUp);
tenant.route("/operator", operator);
tenant.route("/operator", acting);
// Services call it, no pages: it has no CORS, and takes no cookie.
tenant.use("/token", storeNothing, limitBody);
tenant.route("/token", exchange);

export const authority = new Hono<Env>();

// Answers are JSON for fetch and no documents: nothing may sniff, frame or run them.
authority.use(async (c, next) => {
  await next();
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  stayOnHttps(c.req.raw, c.res.headers);
  if (!c.res.headers.has("Cross-Origin-Resource-Policy"))
    c.header("Cross-Origin-Resource-Policy", "same-site");
});
authority.route("/tenants/:tenant", tenant);
authority.route("/", tenant);

authority.notFound((c) => c.json({ error: "not_found" }, 404));

authority.onError((error, c) => {
  console.error(error);
  return c.json({ error: "server_error" }, 500);
});
