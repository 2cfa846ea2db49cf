// Who may call the session endpoints: pages of the configured origins, and nobody in a user's name
// by accident. The cookie's SameSite=Strict comes first; what is here holds even where that fails.

import type { Context } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import type { Env } from "./context.ts";
import { settingsFrom } from "./settings.ts";

/**
 * Credentialed CORS: the cookie travels and the answer can be read, from the configured origins
 * only.
 */
export const allowTheApp = cors({
  origin: (origin, c: Context<Env>) => (isAllowed(c, origin) ? origin : null),
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

/**
 * True when the browser says that another site, an origin outside the list, or something other than
 * a script's fetch sent this.
 */
export function isForeign(c: Context<Env>): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  const mode = c.req.header("Sec-Fetch-Mode");
  if (site === "cross-site" || (mode !== undefined && mode !== "cors" && mode !== "same-origin"))
    return true;
  const origin = c.req.header("Origin");
  // Browsers put an Origin on every POST; a caller without one is no browser and carries nobody's
  // cookies.
  return origin !== undefined && !isAllowed(c, origin);
}

function isAllowed(c: Context<Env>, origin: string): boolean {
  return settingsFrom(c.env).allowedOrigins.includes(origin);
}
