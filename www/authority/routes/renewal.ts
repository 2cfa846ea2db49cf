// Using a refresh token: what a refresh and a step-up have in common.

import type { Context } from "hono";
import type { Env } from "../context.ts";
import { signingKey } from "../key-ring.ts";
import { rotate } from "../rotation.ts";
import { secondsNow, settingsFrom } from "../settings.ts";
import { raiseReuse, refuseSession } from "./cookie-session.ts";
import { answerTokens } from "./tokens.ts";

export async function renew(c: Context<Env>, refreshToken: string): Promise<Response> {
  const now = secondsNow();
  const { graceSeconds } = settingsFrom(c.env);
  // Before the rotation: whatever can fail should fail while the presented token is still good for
  // another try.
  const key = await signingKey(c.env, c.var.tenant, now);
  const rotation = await rotate(c.env.DB, {
    tenantId: c.var.tenant.id,
    refreshToken,
    now,
    graceSeconds,
  });
  switch (rotation?.outcome) {
    case "rotated":
    case "repeated":
      return answerTokens(c, { key, ...rotation, now });
    case "late":
      // The browser has a newer cookie by now, and will send that one.
      return c.json({ error: "temporarily_unavailable" }, 503, { "Retry-After": "1" });
    case "reused":
      await raiseReuse(c, rotation.session, now);
      return refuseSession(c);
    case undefined:
      return refuseSession(c);
  }
}
