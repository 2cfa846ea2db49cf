// The key set for verifiers (RFC 7517), with an ETag.

import { Hono } from "hono";
import type { Env } from "../context.ts";
import { publishedKeys } from "../key-ring.ts";
import { secondsNow } from "../settings.ts";

export const keySet = new Hono<Env>();

keySet.get("/jwks.json", async (c) => {
  const body = JSON.stringify({ keys: await publishedKeys(c.env, c.var.tenant, secondsNow()) });
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const etag = `"${Buffer.from(hash).toString("base64url")}"`;
  // Public keys: any origin may read them. Verifiers may keep them for five minutes.
  c.header("Access-Control-Allow-Origin", "*");
  c.header("Cross-Origin-Resource-Policy", "cross-origin");
  c.header("Cache-Control", "public, max-age=300");
  c.header("ETag", etag);
  if (matches(c.req.header("If-None-Match"), etag)) return c.body(null, 304);
  return c.body(body, 200, { "Content-Type": "application/jwk-set+json" });
});

/** RFC 9110 section 13.1.2: a list, or `*`, compared weakly. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return (
    ifNoneMatch.trim() === "*" ||
    ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)
  );
}
