// A protected API, once for each tenant: `main` under /api, the others under /tenants/<id>/api.

import { Hono } from "hono";
import { stayOnHttps } from "../transport.ts";
import { allowTheApp } from "./cors.ts";
import type { GuardedEnv } from "./guard.ts";
import { routes } from "./routes.ts";

export const api = new Hono<GuardedEnv>();

api.use(async (c, next) => {
  await next();
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  stayOnHttps(c.req.raw, c.res.headers);
});
api.use(allowTheApp);
api.route("/api", routes);
api.route("/tenants/:tenant/api", routes);

api.notFound((c) => c.json({ error: "not_found" }, 404));

api.onError((error, c) => {
  console.error(error);
  return c.json({ error: "server_error" }, 500);
});
