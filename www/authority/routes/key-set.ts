// The key set that verifiers fetch (RFC 7517).

import { Hono } from "hono";
import type { Env } from "../context.ts";
import { publishedKeys } from "../key-ring.ts";
import { secondsNow } from "../settings.ts";

export const keySet = new Hono<Env>();

keySet.get("/jwks.json", async (c) => {
  const keys = await publishedKeys(c.env, c.var.tenant, secondsNow());
  // Public by nature, so any origin may read it. Verifiers may keep it for five minutes.
  c.header("Access-Control-Allow-Origin", "*");
  c.header("Cache-Control", "public, max-age=300");
  return c.json({ keys });
});
