// The authority's routes: sign in, refresh, log out, and the key set. Everything that a route leans on is in a file of its own.

import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authenticate } from "./accounts.ts";
import { issueAccessToken } from "./access-tokens.ts";
import { allowTheApp, refuseForgedCalls } from "./callers.ts";
import { clearRefreshCookie, readRefreshCookie, setRefreshCookie } from "./cookies.ts";
import { readCredentials } from "./credentials.ts";
import { publishedKeys, signingKey, type SigningKey } from "./keys.ts";
import { type Grant, noteReuse, revokeFamilyOf, rotate, startFamily } from "./refresh-tokens.ts";
import { type AuthorityBindings, secondsNow, settingsFrom } from "./settings.ts";

type Env = { Bindings: AuthorityBindings };

/** No call of this authority needs a larger body. */
const BODY_LIMIT_BYTES = 4096;

export const authority = new Hono<Env>();

// Answers are JSON for fetch, never documents: nothing may sniff, frame or run them.
authority.use(async (c, next) => {
  await next();
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
});

authority.get("/.well-known/jwks.json", async (c) => {
  const keys = await publishedKeys(c.env.DB, secondsNow());
  // Public by nature, so any origin may read it. Verifiers may keep it for five minutes.
  c.header("Access-Control-Allow-Origin", "*");
  c.header("Cache-Control", "public, max-age=300");
  return c.json({ keys });
});

authority.use("/session/*", async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
});
authority.use("/session/*", allowTheApp, refuseForgedCalls);
authority.use(
  "/session/*",
  bodyLimit({ maxSize: BODY_LIMIT_BYTES, onError: (c) => c.json({ error: "body_too_large" }, 413) }),
);

authority.post("/session/sign-in", async (c) => {
  const credentials = await readCredentials(c.req.raw);
  if (!credentials) return c.json({ error: "invalid_request" }, 400);
  const account = await authenticate(c.env.DB, credentials);
  // One answer for a wrong password and for an account that doesn't exist.
  if (!account) return c.json({ error: "invalid_credentials" }, 401);

  const now = secondsNow();
  const key = await signingKey(c.env.DB, now);
  // The cookie is about to be overwritten; the session behind it would live on, out of its owner's reach.
  const previous = readRefreshCookie(c);
  if (previous) await revokeFamilyOf(c.env.DB, previous, "sign-in", now);
  const grant = await startFamily(c.env.DB, account, now, settingsFrom(c.env).sessionSeconds);
  return grantTokens(c, key, grant, now);
});

authority.post("/session/refresh", async (c) => {
  const presented = readRefreshCookie(c);
  if (!presented) return c.json({ error: "invalid_grant" }, 401);

  const now = secondsNow();
  // Before the rotation: whatever can fail should fail while the presented token is still good for another try.
  const key = await signingKey(c.env.DB, now);
  const grant = await rotate(c.env.DB, presented, now);
  if (grant) return grantTokens(c, key, grant, now);

  await noteReuse(c.env.DB, presented, now);
  // The cookie is left alone: this answer may arrive late and would delete the cookie of a newer sign-in.
  return c.json({ error: "invalid_grant" }, 401);
});

authority.post("/session/logout", async (c) => {
  const presented = readRefreshCookie(c);
  if (presented) await revokeFamilyOf(c.env.DB, presented, "logout", secondsNow());
  clearRefreshCookie(c);
  return c.body(null, 204);
});

authority.notFound((c) => c.json({ error: "not_found" }, 404));

authority.onError((error, c) => {
  console.error(error);
  return c.json({ error: "server_error" }, 500);
});

/** The one shape in which tokens leave: the access token in the body, the refresh token in the cookie. */
async function grantTokens(c: Context<Env>, key: SigningKey, grant: Grant, now: number): Promise<Response> {
  const settings = settingsFrom(c.env);
  const accessToken = await issueAccessToken(key, settings, grant, now);
  setRefreshCookie(c, grant.refreshToken, grant.expiresAt - now);
  return c.json({ access_token: accessToken, expires_in: settings.accessTokenSeconds, token_type: "Bearer" });
}
