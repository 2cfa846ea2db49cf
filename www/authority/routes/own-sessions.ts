// A user's own sessions: listing them, ending one, ending all.

import { Hono } from "hono";
import { readText } from "../bodies.ts";
import { type Env, sceneOf } from "../context.ts";
import { clearRefreshCookie } from "../cookies.ts";
import { note } from "../detection.ts";
import { revokeSession, revokeUser } from "../revocation.ts";
import { sessionsOf } from "../sessions.ts";
import { secondsNow } from "../settings.ts";
import { aboutSession, sessionOfCookie } from "./cookie-session.ts";

export const ownSessions = new Hono<Env>();

ownSessions.post("/list", async (c) => {
  const current = await sessionOfCookie(c);
  if (current instanceof Response) return current;
  const all = await sessionsOf(c.env.DB, current.account.id, secondsNow());
  return c.json({
    sessions: all.map(({ id, startedAt, lastUsedAt, device }) => ({
      id,
      current: id === current.id,
      startedAt,
      lastUsedAt,
      device,
    })),
  });
});

ownSessions.post("/end", async (c) => {
  const current = await sessionOfCookie(c);
  if (current instanceof Response) return current;
  const id = await readText(c.req.raw, "id");
  if (id === null) return c.json({ error: "invalid_request" }, 400);
  const now = secondsNow();
  const chosen = (await sessionsOf(c.env.DB, current.account.id, now)).find(
    (session) => session.id === id,
  );
  // One answer for a session that has ended, that never was, or that is another user's.
  if (chosen === undefined) return c.json({ error: "not_found" }, 404);
  await revokeSession(c.env, { tenant: c.var.tenant, session: chosen, by: "user", now });
  await note(sceneOf(c), "session.ended", aboutSession(chosen));
  if (id === current.id) clearRefreshCookie(c);
  return c.body(null, 204);
});

ownSessions.post("/logout-everywhere", async (c) => {
  const current = await sessionOfCookie(c);
  if (current instanceof Response) return current;
  await revokeUser(c.env, {
    tenant: c.var.tenant,
    accountId: current.account.id,
    by: "user",
    now: secondsNow(),
  });
  await note(sceneOf(c), "sign_out.everywhere", aboutSession(current));
  clearRefreshCookie(c);
  return c.body(null, 204);
});
