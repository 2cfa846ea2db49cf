// Signing in, refreshing and logging out.

import { type Context, Hono } from "hono";
import { authenticate } from "../accounts.ts";
import { readCredentials } from "../bodies.ts";
import { type Env, sceneOf } from "../context.ts";
import { clearRefreshCookie, readRefreshCookie } from "../cookies.ts";
import { note } from "../detection.ts";
import { deviceName } from "../device.ts";
import { signingKey } from "../key-ring.ts";
import { addressOf, fingerprintOf, refuseForNow, take } from "../limits.ts";
import { revokeSession } from "../revocation.ts";
import { type RevokedBy, sessionBehind, startSession } from "../sessions.ts";
import { secondsNow, settingsFrom } from "../settings.ts";
import { aboutSession, refuseSession, sessionOfCookie } from "./cookie-session.ts";
import { renew } from "./renewal.ts";
import { answerTokens } from "./tokens.ts";

export const session = new Hono<Env>();

session.post("/sign-in", async (c) => {
  const credentials = await readCredentials(c.req.raw);
  if (credentials === null) return c.json({ error: "invalid_request" }, 400);
  const { tenant } = c.var;
  const device = deviceName(c.req.header("User-Agent"));

  // An account that doesn't exist is limited too: a limit must not tell which accounts exist.
  const username = credentials.username.toLowerCase();
  const places = await Promise.all([
    take(c, "sign-in by account and address", username, addressOf(c)),
    take(c, "sign-in by device", fingerprintOf(c)),
  ]);
  // Only when those let the call through: one address alone must not use up the limit of an
  // account.
  if (places.every((place) => place.refusal === null))
    places.push(await take(c, "sign-in by account", username));
  const [refusal] = places.flatMap((place) => place.refusal ?? []);
  if (refusal !== undefined) {
    if (refusal.first) await note(sceneOf(c), "sign_in.limited", { device });
    return refuseForNow(c, refusal);
  }
  const verdict = await authenticate(c.env.DB, tenant.id, credentials);
  if (!verdict.opened) {
    await note(sceneOf(c), "sign_in.failed", { user: verdict.accountId, device });
    // One answer for a wrong password and for an account that doesn't exist.
    return c.json({ error: "invalid_credentials" }, 401);
  }
  await Promise.all(places.map((place) => place.giveBack()));

  const now = await secondsAfter(verdict.signedOutAt);
  const key = await signingKey(c.env, tenant, now);
  // The new cookie overwrites this one. Its session must not live on out of its owner's reach.
  await endSessionBehindCookie(c, "sign-in");
  const lifetime = settingsFrom(c.env).sessionSeconds;
  const started = await startSession(c.env.DB, {
    tenantId: tenant.id,
    account: verdict.account,
    device,
    now,
    lifetime,
  });
  await note(sceneOf(c), "sign_in", aboutSession(started.session));
  return answerTokens(c, { key, ...started, now });
});

session.post("/refresh", async (c) => {
  const refreshToken = readRefreshCookie(c);
  const living = await sessionOfCookie(c);
  if (living instanceof Response) return living;
  if (refreshToken === null) return refuseSession(c);
  // By session, which is known by now: only a holder of its tokens can use up its limit.
  const { refusal } = await take(c, "refresh by session", living.id);
  if (refusal === null) return renew(c, refreshToken);
  if (refusal.first) await note(sceneOf(c), "refresh.rapid", aboutSession(living));
  return refuseForNow(c, refusal);
});

session.post("/logout", async (c) => {
  await endSessionBehindCookie(c, "logout");
  clearRefreshCookie(c);
  return c.body(null, 204);
});

async function endSessionBehindCookie(c: Context<Env>, by: RevokedBy): Promise<void> {
  const refreshToken = readRefreshCookie(c);
  const { tenant } = c.var;
  const found =
    refreshToken === null ? null : await sessionBehind(c.env.DB, tenant.id, refreshToken);
  if (found === null) return;
  const ended = await revokeSession(c.env, { tenant, session: found, by, now: secondsNow() });
  if (ended) await note(sceneOf(c), "sign_out", { ...aboutSession(found), detail: by });
}

/**
 * Now, but after `moment`; waits for the next second if need be. All tokens up to `moment` are
 * refused, so that a new session must begin later.
 */
async function secondsAfter(moment: number | null): Promise<number> {
  if (moment !== null && moment >= secondsNow()) await scheduler.wait(1000 - (Date.now() % 1000));
  return secondsNow();
}
