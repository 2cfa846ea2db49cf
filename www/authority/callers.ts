// Who may call the session endpoints: pages of the configured origins, and nobody in a user's name
// by accident. The cookie's SameSite=Strict comes first; what is here holds even where that fails.

import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { isForeign as isForeignTo } from "../origins.ts";
import type { Env } from "./context.ts";
import { settingsFrom } from "./settings.ts";

/**
 * Credentialed CORS: the cookie travels and the answer can be read, from the configured origins
 * only.
 */
export const allowTheApp = cors({
  origin: (origin, c: Context<Env>) =>
    settingsFrom(c.env).allowedOrigins.includes(origin) ? origin : null,
  credentials: true,
  allowMethods: ["GET", "POST"],
  allowHeaders: ["Authorization", "Content-Type", "X-Requested-With"],
  exposeHeaders: ["Date", "Retry-After", "WWW-Authenticate"],
  maxAge: 600,
});

/** Refuses what a page of another origin sends, and what a plain form or link could have sent. */
export const refuseForgedCalls = createMiddleware<Env>(async (c, next) => {
  if (isForeign(c)) return c.json({ error: "origin_not_allowed" }, 403);
  // A header that no form can set, and that makes every cross-origin call ask by preflight first.
  if (c.req.header("X-Requested-With") !== "XMLHttpRequest")
    return c.json({ error: "csrf_header_missing" }, 403);
  return next();
});

/** As origins.ts has it, for this authority's pages. */
export function isForeign(c: Context<Env>): boolean {
  return isForeignTo(c.req.raw, settingsFrom(c.env).allowedOrigins);
}
