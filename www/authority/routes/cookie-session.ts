// The session of a call, found by its refresh cookie, for the calls that do not rotate it.

import type { Context } from "hono";
import { type Env, sceneOf } from "../context.ts";
import { readRefreshCookie } from "../cookies.ts";
import { type Circumstances, note } from "../detection.ts";
import { revokeSession } from "../revocation.ts";
import { find, type Standing } from "../rotation.ts";
import type { Session } from "../sessions.ts";
import { secondsNow, settingsFrom } from "../settings.ts";

/**
 * The living session behind the cookie, or the answer that refuses the call. A used cookie counts
 * within its grace window while its successor is unused: its owner may have lost the reply.
 * `newest`: the call is sensitive and takes the newest token of the family only.
 */
export async function sessionOfCookie(
  c: Context<Env>,
  { newest = false }: { newest?: boolean } = {},
): Promise<Session | Response> {
  const refreshToken = readRefreshCookie(c);
  if (refreshToken === null) return refuseSession(c);
  const now = secondsNow();
  const { graceSeconds } = settingsFrom(c.env);
  const found = await find(c.env.DB, {
    tenantId: c.var.tenant.id,
    refreshToken,
    now,
    graceSeconds,
  });
  if (found === null) return refuseSession(c);
  const { session, standing } = found;
  if (standing === "current" || (standing === "predecessor" && !newest)) return session;
  return refuseToken(c, { session, standing, now });
}

/** The answer to a used token that gets nothing. */
export async function refuseToken(
  c: Context<Env>,
  {
    session,
    standing,
    now,
  }: { session: Session; standing: Exclude<Standing, "current">; now: number },
): Promise<Response> {
  switch (standing) {
    case "predecessor":
      // A refresh gives the successor, and the call can be made with that.
      return c.json({ error: "refresh_first" }, 409);
    case "late":
      // The browser has a newer cookie by now, and will send that one.
      return c.json({ error: "temporarily_unavailable" }, 503, { "Retry-After": "1" });
    case "outranked":
      return refuseSession(c);
    case "reused":
      await raiseReuse(c, session, now);
      return refuseSession(c);
  }
}

/**
 * A used refresh token came back after its window: somebody has a copy. The session ends. The event
 * is of high severity, and so ends all of the user's sessions.
 */
async function raiseReuse(c: Context<Env>, session: Session, now: number): Promise<void> {
  const first = await revokeSession(c.env, { tenant: c.var.tenant, session, by: "reuse", now });
  if (first) await note(sceneOf(c), "refresh.reused", aboutSession(session));
}

/**
 * The answer to a call without a session. The cookie stays: the answer may arrive late, when the
 * browser has a newer one.
 */
export function refuseSession(c: Context<Env>): Response {
  return c.json({ error: "invalid_grant" }, 401);
}

export function aboutSession({ id, account, device }: Session): Circumstances {
  return { user: account.id, session: id, device };
}
