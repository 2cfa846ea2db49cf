// The protected routes. They want an access token of the tenant.

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { auditActing } from "./audit.ts";
import { findTenant, type GuardedEnv, requireAccessToken } from "./guard.ts";
import { stock } from "./stock.ts";

const BODY_LIMIT_BYTES = 1024 * 1024;

export const routes = new Hono<GuardedEnv>();

routes.use(async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});
routes.use(findTenant, requireAccessToken(), auditActing);
routes.use(
  bodyLimit({
    maxSize: BODY_LIMIT_BYTES,
    onError: (c) => c.json({ error: "body_too_large" }, 413),
  }),
);

routes.get("/time", (c) => c.json({ time: new Date().toISOString() }));

routes.get("/me", (c) => {
  const { claims, actors = [] } = c.var.auth;
  const [actor] = actors;
  return c.json({
    sub: claims.sub,
    name: claims["name"] ?? null,
    ...(actor === undefined ? {} : { actor: actor.claims["name"] ?? actor.subject }),
  });
});

/**
 * Answers with the bytes of the body, as bytes: HTML that was sent here must not come back as HTML
 * of this origin.
 */
routes.post("/echo", async (c) =>
  c.body(await c.req.arrayBuffer(), 200, { "Content-Type": "application/octet-stream" }),
);

/**
 * Sensitive: wants a second factor, shown within the last five minutes (RFC 9470), and the user in
 * person (RFC 8693).
 */
routes.get("/vault", requireAccessToken({ acr: ["mfa"], maxAge: 300, delegation: "forbid" }), (c) =>
  c.json({ secret: "The gold is under the third oak." }),
);

routes.route("/", stock);
