// The cookie that carries the refresh token. No script can read it, and browsers send it to the
// session endpoints of one tenant only.

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import type { Env } from "./context.ts";
import { looksLikeRefreshToken } from "./refresh-tokens.ts";

/** Browsers take a cookie with this prefix from secure origins only (RFC 6265bis). */
export const REFRESH_COOKIE = "__Secure-refresh";

export function readRefreshCookie(c: Context<Env>): string | null {
  const value = getCookie(c, REFRESH_COOKIE);
  return value !== undefined && looksLikeRefreshToken(value) ? value : null;
}

export function setRefreshCookie(
  c: Context<Env>,
  refreshToken: string,
  maxAgeSeconds: number,
): void {
  setCookie(c, REFRESH_COOKIE, refreshToken, { ...attributes(c), maxAge: maxAgeSeconds });
}

export function clearRefreshCookie(c: Context<Env>): void {
  deleteCookie(c, REFRESH_COOKIE, attributes(c));
}

function attributes(c: Context<Env>): CookieOptions {
  return { httpOnly: true, secure: true, sameSite: "Strict", path: `${c.var.tenant.base}/session` };
}
