// Who may call the session endpoints: pages of the configured origins. The cookie's SameSite=Strict
// keeps it out of other sites' calls. The checks here hold even where that fails.

import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { isForeign as isForeignTo } from "../origins.ts";
import type { Env } from "./context.ts";
import { settingsFrom } from "./settings.ts";

/**
 * Credentialed CORS. Pages of the configured origins send the cookie and read the answer; pages of
 * other origins do neither.
 */
export const allowTheApp = cors({
  origin: (origin, c: Context<Env>) =>
    settingsFrom(c.env).allowedOrigins.includes(origin) ? origin : null,
  credentials: true,
  allowMethods: ["GET", "POST"],
  allowHeaders: ["Authorization", "Content-Type", "DPoP", "X-Requested-With"],
  exposeHeaders: ["Date", "DPoP-Nonce", "Retry-After", "WWW-Authenticate"],
  maxAge: 600,
});

/** Refuses calls of pages of other origins, and calls that a form or a link could make. */
export const refuseForgedCalls = createMiddleware<Env>(async (c, next) => {
  if (isForeign(c)) return c.json({ error: "origin_not_allowed" }, 403);
  // No form can set this header, and a cross-origin call with it needs a preflight.
  if (c.req.header("X-Requested-With") !== "XMLHttpRequest")
    return c.json({ error: "csrf_header_missing" }, 403);
  return next();
});

/** `isForeign` of origins.ts, with the origins of this authority. */
export function isForeign(c: Context<Env>): boolean {
  return isForeignTo(c.req.raw, settingsFrom(c.env).allowedOrigins);
}
