// The second factor: enrolling one, and showing it to make a session stronger (RFC 9470). A wrong
// code is `invalid_code`, and the session is as good as before. The tenth one is `invalid_grant`,
// and the session is over.

import { type Context, Hono } from "hono";
import { readText } from "../bodies.ts";
import { type Env, sceneOf } from "../context.ts";
import { readRefreshCookie } from "../cookies.ts";
import { note } from "../detection.ts";
import { refuseForNow, take } from "../limits.ts";
import { revokeSession } from "../revocation.ts";
import { countCode, forgetWrongCodes, type Session } from "../sessions.ts";
import { secondsNow } from "../settings.ts";
import { confirmSecret, isEnrolled, mayEnrol, offerSecret, useCode } from "../totp.ts";
import { aboutSession, refuseSession, sessionOfCookie } from "./cookie-session.ts";
import { renew } from "./renewal.ts";

const MOST_WRONG_CODES = 10;

export const stepUp = new Hono<Env>();

stepUp.post("/totp/enrol", async (c) => {
  const session = await sessionOfCookie(c, { newest: true });
  if (session instanceof Response) return session;
  const offer = await offerSecret(c.env, session);
  return offer === null ? refuseReplacement(c) : c.json(offer);
});

stepUp.post("/totp/confirm", async (c) => {
  const session = await sessionOfCookie(c, { newest: true });
  if (session instanceof Response) return session;
  if (!(await mayEnrol(c.env.DB, session))) return refuseReplacement(c);
  const refusal = await tryCode(c, session, (code) => confirmSecret(c.env, session, code));
  if (refusal !== null) return refusal;
  await note(sceneOf(c), "totp.enrolled", aboutSession(session));
  return c.body(null, 204);
});

/**
 * Rotates the refresh token, so that a copy of the old one does not become stronger. The event is
 * recorded before that: a failure leaves the presented token good for another try.
 */
stepUp.post("/step-up", async (c) => {
  const refreshToken = readRefreshCookie(c);
  const session = await sessionOfCookie(c, { newest: true });
  if (session instanceof Response) return session;
  if (refreshToken === null) return refuseSession(c);
  if (!(await isEnrolled(c.env.DB, session.account.id)))
    return c.json({ error: "not_enrolled" }, 409);
  const refusal = await tryCode(c, session, (code) => useCode(c.env, session.account.id, code));
  if (refusal !== null) return refusal;
  await note(sceneOf(c), "step_up", aboutSession(session));
  return renew(c, refreshToken, { raise: true });
});

function refuseReplacement(c: Context<Env>): Response {
  return c.json({ error: "already_enrolled" }, 409);
}

/**
 * Null when the code was right. Wrong codes count towards the limit of the account. Ten since the
 * last right one end the session: a stolen cookie must not serve to guess for days.
 */
async function tryCode(
  c: Context<Env>,
  session: Session,
  isRight: (code: string) => Promise<boolean>,
): Promise<Response | null> {
  const place = await take(c, "code by account", session.account.id);
  if (place.refusal !== null) {
    if (place.refusal.first) await note(sceneOf(c), "step_up.limited", aboutSession(session));
    return refuseForNow(c, place.refusal);
  }
  const tries = await countCode(c.env.DB, session.id, MOST_WRONG_CODES);
  const code = await readText(c.req.raw, "code", 6);
  if (tries !== null && code !== null && /^\d{6}$/.test(code) && (await isRight(code))) {
    await Promise.all([place.giveBack(), forgetWrongCodes(c.env.DB, session.id)]);
    return null;
  }
  await note(sceneOf(c), "step_up.failed", aboutSession(session));
  if (tries !== null && tries < MOST_WRONG_CODES) return c.json({ error: "invalid_code" }, 401);
  const ended = await revokeSession(c.env, {
    tenant: c.var.tenant,
    session,
    by: "alarm",
    now: secondsNow(),
  });
  if (ended) await note(sceneOf(c), "step_up.exhausted", aboutSession(session));
  return refuseSession(c);
}
