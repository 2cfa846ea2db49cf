// A protected API: three routes that want an access token made for this audience.

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { allowTheApp } from "./cors.ts";
import { type GuardedEnv, requireAccessToken } from "./guard.ts";

const BODY_LIMIT_BYTES = 1024 * 1024;

export const api = new Hono<GuardedEnv>();

api.use(allowTheApp);
api.use("/api/*", async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
  c.header("X-Content-Type-Options", "nosniff");
});
api.use("/api/*", requireAccessToken);
api.use("/api/*", bodyLimit({ maxSize: BODY_LIMIT_BYTES, onError: (c) => c.json({ error: "body_too_large" }, 413) }));

api.get("/api/time", (c) => c.json({ time: new Date().toISOString() }));

api.get("/api/me", (c) => {
  const { sub, name } = c.var.auth.claims;
  return c.json({ sub, name: name ?? null });
});

/** Answers with the bytes it was sent, as bytes: a page's HTML sent here must not come back as this origin's HTML. */
api.post("/api/echo", async (c) => c.body(await c.req.arrayBuffer(), 200, { "Content-Type": "application/octet-stream" }));

api.notFound((c) => c.json({ error: "not_found" }, 404));

api.onError((error, c) => {
  console.error(error);
  return c.json({ error: "server_error" }, 500);
});
