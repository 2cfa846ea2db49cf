// Signing in, refreshing and logging out.

import { type Context, Hono } from "hono";
import { authenticate } from "../accounts.ts";
import { readCredentials } from "../bodies.ts";
import type { Env } from "../context.ts";
import { clearRefreshCookie, readRefreshCookie } from "../cookies.ts";
import { deviceName } from "../device.ts";
import { signingKey } from "../key-ring.ts";
import { revokeSession } from "../revocation.ts";
import { rotate } from "../rotation.ts";
import { type RevokedBy, sessionBehind, startSession } from "../sessions.ts";
import { secondsNow, settingsFrom } from "../settings.ts";
import { raiseReuse, refuseSession } from "./cookie-session.ts";
import { answerTokens } from "./tokens.ts";

export const session = new Hono<Env>();

session.post("/sign-in", async (c) => {
  const credentials = await readCredentials(c.req.raw);
  if (credentials === null) return c.json({ error: "invalid_request" }, 400);
  const { tenant } = c.var;
  const found = await authenticate(c.env.DB, tenant.id, credentials);
  // One answer for a wrong password and for an account that doesn't exist.
  if (found === null) return c.json({ error: "invalid_credentials" }, 401);

  const now = await secondsAfter(found.signedOutAt);
  const key = await signingKey(c.env, c.var.tenant, now);
  // The cookie is about to be overwritten; the session behind it would live on, out of its owner's reach.
  await endSessionBehindCookie(c, "sign-in");
  const device = deviceName(c.req.header("User-Agent"));
  const lifetime = settingsFrom(c.env).sessionSeconds;
  const started = await startSession(c.env.DB, { tenantId: tenant.id, account: found.account, device, now, lifetime });
  return answerTokens(c, { key, ...started, now });
});

session.post("/refresh", async (c) => {
  const refreshToken = readRefreshCookie(c);
  if (refreshToken === null) return refuseSession(c);

  const now = secondsNow();
  const { graceSeconds } = settingsFrom(c.env);
  // Before the rotation: whatever can fail should fail while the presented token is still good for another try.
  const key = await signingKey(c.env, c.var.tenant, now);
  const rotation = await rotate(c.env.DB, { tenantId: c.var.tenant.id, refreshToken, now, graceSeconds });
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
});

session.post("/logout", async (c) => {
  await endSessionBehindCookie(c, "logout");
  clearRefreshCookie(c);
  return c.body(null, 204);
});

async function endSessionBehindCookie(c: Context<Env>, by: RevokedBy): Promise<void> {
  const refreshToken = readRefreshCookie(c);
  const { tenant } = c.var;
  const found = refreshToken === null ? null : await sessionBehind(c.env.DB, tenant.id, refreshToken);
  if (found !== null) await revokeSession(c.env, { tenant, session: found, by, now: secondsNow() });
}

/** Now, but later than `moment`: where all tokens of a second were refused, those of a new session must not bear its date. */
async function secondsAfter(moment: number | null): Promise<number> {
  while (moment !== null && secondsNow() <= moment) await scheduler.wait(1000 - (Date.now() % 1000));
  return secondsNow();
}
