// The answer that carries tokens: the access token in the body, the refresh token in the cookie.

import type { Context } from "hono";
import { issueAccessToken } from "../access-tokens.ts";
import type { Env } from "../context.ts";
import { setRefreshCookie } from "../cookies.ts";
import { mayActFor } from "../services.ts";
import type { Session } from "../sessions.ts";
import { settingsFrom } from "../settings.ts";
import type { SigningKey } from "../signing-keys.ts";

export async function answerTokens(
  c: Context<Env>,
  {
    key,
    session,
    refreshToken,
    now,
  }: { key: SigningKey; session: Session; refreshToken: string; now: number },
): Promise<Response> {
  const { clientId, accessTokenSeconds: lifetime } = settingsFrom(c.env);
  const { token, expiresIn } = await issueAccessToken(c.env, key, {
    tenant: c.var.tenant,
    session,
    clientId,
    lifetime,
    mayAct: mayActFor(c.env, c.var.tenant),
    boundTo: c.var.boundTo,
    now,
  });
  const token_type = c.var.boundTo === undefined ? "Bearer" : "DPoP";
  setRefreshCookie(c, refreshToken, session.expiresAt - now);
  return c.json({ access_token: token, expires_in: expiresIn, token_type });
}
