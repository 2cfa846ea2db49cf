// The cookie that carries the refresh token. No script can read it, and it travels to the session endpoints only.

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { looksLikeRefreshToken } from "./refresh-tokens.ts";

/** The prefix makes browsers refuse a cookie of this name from anything but a secure origin (RFC 6265bis). */
export const REFRESH_COOKIE = "__Secure-refresh";

const ATTRIBUTES = { httpOnly: true, secure: true, sameSite: "Strict", path: "/session" } satisfies CookieOptions;

export function readRefreshCookie(c: Context): string | null {
  const value = getCookie(c, REFRESH_COOKIE);
  return value !== undefined && looksLikeRefreshToken(value) ? value : null;
}

export function setRefreshCookie(c: Context, refreshToken: string, maxAgeSeconds: number): void {
  setCookie(c, REFRESH_COOKIE, refreshToken, { ...ATTRIBUTES, maxAge: maxAgeSeconds });
}

export function clearRefreshCookie(c: Context): void {
  deleteCookie(c, REFRESH_COOKIE, ATTRIBUTES);
}
