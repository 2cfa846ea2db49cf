// The entry point `tokenkeep/hono`: a verifier as Hono middleware. It loads no wasm of its own; the
// verifier brings it.

import type { Context, MiddlewareHandler } from "hono";
import type { ExecutionContextLike, Policy, Verified, Verifier } from "./edge/result/verified.js";

/** What the middleware adds to a context: `c.var.auth`. */
export interface AuthEnv<Auth extends Verified | null = Verified> {
  Variables: { auth: Auth };
}

/**
 * Lets only requests with a good token through, and answers the others itself: 401, 403, 400 or
 * 503, with the right challenge. Make it once beside its verifier, or give a function where the
 * verifier depends on bindings.
 *
 * ```ts
 * app.use("/api/*", guard(verifier, { scopes: ["read"] }));
 * app.get("/api/me", (c) => c.json({ sub: c.var.auth.claims.sub }));
 * ```
 */
export function guard(
  verifier: Verifier | ((c: Context) => Verifier),
  policy: Policy & { optional: true },
): MiddlewareHandler<AuthEnv<Verified | null>>;
export function guard(
  verifier: Verifier | ((c: Context) => Verifier),
  policy?: Policy,
): MiddlewareHandler<AuthEnv>;
export function guard(
  verifier: Verifier | ((c: Context) => Verifier),
  policy: Policy = {},
): MiddlewareHandler {
  return async (c, next) => {
    const chosen = typeof verifier === "function" ? verifier(c) : verifier;
    let admitted = false;
    const door = chosen.guard((request, _env, _ctx, auth) => {
      admitted = true;
      c.req.raw = request;
      c.set("auth", auth);
      return passed;
    }, policy);
    // Made per call: an answer of one request must not be another's.
    const passed = new Response(null);
    const answer = await door(c.req.raw, c.env, contextOf(c) ?? afloat);
    if (!admitted) return answer;
    await next();
    return undefined;
  };
}

/**
 * For a request without a context. Outside Workers nothing has to be kept alive; on Workers the
 * verifier sees that the runtime did not make this one, and shares and defers nothing under it.
 */
const afloat: ExecutionContextLike = {
  waitUntil: (promise) => void promise.catch(() => undefined),
};

function contextOf(c: Context): ExecutionContextLike | null {
  try {
    return c.executionCtx;
  } catch {
    return null;
  }
}
