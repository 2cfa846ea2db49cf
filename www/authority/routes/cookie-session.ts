// Whose session a call is made in, told by its refresh cookie: what the calls do that don't rotate
// it.

import type { Context } from "hono";
import { type Env, sceneOf } from "../context.ts";
import { readRefreshCookie } from "../cookies.ts";
import { type Circumstances, note } from "../detection.ts";
import { revokeSession } from "../revocation.ts";
import { find } from "../rotation.ts";
import type { Session } from "../sessions.ts";
import { secondsNow, settingsFrom } from "../settings.ts";

/**
 * The living session behind the cookie, or null. A used cookie counts within its grace window;
 * later it raises the alarm.
 */
export async function sessionOfCookie(c: Context<Env>): Promise<Session | null> {
  const refreshToken = readRefreshCookie(c);
  if (refreshToken === null) return null;
  const now = secondsNow();
  const { graceSeconds } = settingsFrom(c.env);
  const found = await find(c.env.DB, {
    tenantId: c.var.tenant.id,
    refreshToken,
    now,
    graceSeconds,
  });
  if (found === null) return null;
  if (found.standing !== "reused") return found.session;
  await raiseReuse(c, found.session, now);
  return null;
}

/**
 * A used refresh token came back after its window: somebody has a copy. The session ends, and with
 * it, being of high severity, all of the user's.
 */
export async function raiseReuse(c: Context<Env>, session: Session, now: number): Promise<void> {
  const first = await revokeSession(c.env, { tenant: c.var.tenant, session, by: "reuse", now });
  if (first) await note(sceneOf(c), "refresh.reused", aboutSession(session));
}

/**
 * Every call that needs a session says this when there is none. The cookie stays: this answer may
 * come late and hit a newer one.
 */
export function refuseSession(c: Context<Env>): Response {
  return c.json({ error: "invalid_grant" }, 401);
}

export function aboutSession({ id, account, device }: Session): Circumstances {
  return { user: account.id, session: id, device };
}
