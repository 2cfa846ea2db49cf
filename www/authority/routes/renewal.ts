// Renewal: the part that a refresh and a step-up share.

import type { Context } from "hono";
import type { Env } from "../context.ts";
import { signingKey } from "../key-ring.ts";
import { rotate } from "../rotation.ts";
import { secondsNow, settingsFrom } from "../settings.ts";
import { refuseSession, refuseToken } from "./cookie-session.ts";
import { answerTokens } from "./tokens.ts";

/** `raise`: makes the session stronger, for the holder of the new token only. */
export async function renew(
  c: Context<Env>,
  refreshToken: string,
  { raise = false }: { raise?: boolean } = {},
): Promise<Response> {
  const now = secondsNow();
  const { graceSeconds } = settingsFrom(c.env);
  // Before the rotation: a failure here leaves the presented token good for another try.
  const key = await signingKey(c.env, c.var.tenant, now);
  const presented = { tenantId: c.var.tenant.id, refreshToken, now, graceSeconds };
  const rotation = await rotate(c.env.DB, presented, { raise });
  if (rotation === null) return refuseSession(c);
  if ("refreshToken" in rotation) return answerTokens(c, { key, ...rotation, now });
  return refuseToken(c, { session: rotation.session, standing: rotation.outcome, now });
}
