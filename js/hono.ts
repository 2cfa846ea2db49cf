// The entry point `tokenkeep/hono`: a verifier as Hono middleware. It loads no wasm of its own; the
// verifier brings it.

import type { Context, MiddlewareHandler } from "hono";
import { ownCopy, tagOf } from "./edge/options/own.js";
import type { ExecutionContextLike, Policy, Verified, Verifier } from "./edge/result/verified.js";

/** What the middleware adds to a context: `c.var.auth`. */
export interface AuthEnv<Auth extends Verified | null = Verified> {
  Variables: { auth: Auth };
}

/**
 * Lets only requests with a good token through, and answers the others itself: 401, 403, 400 or
 * 503, with the right challenge. Make it once beside its verifier, or give a function where the
 * verifier depends on bindings. `c.var.auth` is null for a request without a token that the policy
 * lets in.
 *
 * ```ts
 * app.use("/api/*", guard(verifier, { scopes: ["read"] }));
 * app.get("/api/me", (c) => c.json({ sub: c.var.auth.claims.sub }));
 * ```
 */
export function guard(
  verifier: Pick<Verifier, "guard"> | ((c: Context) => Pick<Verifier, "guard">),
  policy: Policy & ({ optional: true } | { preflight: "pass" }),
): MiddlewareHandler<AuthEnv<Verified | null>>;
export function guard(
  verifier: Pick<Verifier, "guard"> | ((c: Context) => Pick<Verifier, "guard">),
  policy?: Policy | ((request: Request) => Policy),
): MiddlewareHandler<AuthEnv>;
export function guard(
  verifier: Pick<Verifier, "guard"> | ((c: Context) => Pick<Verifier, "guard">),
  policy: Policy | ((request: Request) => Policy) = {},
): MiddlewareHandler {
  const copy = policyAsItStands(policy);
  const guards = new WeakMap<Pick<Verifier, "guard">, Guard>();
  const guardOf = (chosen: Pick<Verifier, "guard">) => {
    const guard = guards.get(chosen) ?? chosen.guard(admit, copy);
    guards.set(chosen, guard);
    return guard;
  };
  // At once where the verifier is known: a policy that is wrong is refused here.
  if (typeof verifier !== "function") guardOf(verifier);
  return async (c, next) => {
    const ask = guardOf(typeof verifier === "function" ? verifier(c) : verifier);
    const visit = { context: c, hasPassed: false };
    const answer = await ask(c.req.raw, visit, contextOf(c) ?? noContext);
    if (!visit.hasPassed) return answer;
    await next();
    const nonce = answer.headers.get("DPoP-Nonce");
    // The answer of a WebSocket can't be changed.
    if (nonce !== null && c.res.status !== 101) {
      c.header("DPoP-Nonce", nonce);
      c.header("Cache-Control", "no-store");
    }
    return undefined;
  };
}

/** A copy, with its prototype, by which the verifier sees rules that are inherited. */
function policyAsItStands<T>(policy: T): T {
  return tagOf(policy) === "[object Object]"
    ? Object.setPrototypeOf(ownCopy(policy), Object.getPrototypeOf(policy))
    : policy;
}

/** A request on its way through the guard. */
interface Visit {
  readonly context: Context;
  hasPassed: boolean;
}

type Guard = (request: Request, visit: Visit, ctx: ExecutionContextLike) => Promise<Response>;

function admit(
  request: Request,
  visit: Visit,
  _ctx: ExecutionContextLike,
  auth: Verified | null,
): Response {
  const { context } = visit;
  context.req.raw = request;
  context.set("auth", auth);
  visit.hasPassed = true;
  // Nobody sees it. The verifier writes into it what the answer has to carry.
  return new Response(null);
}

/**
 * For a request without a context. Outside Workers nothing has to be kept alive; on Workers the
 * verifier sees that the runtime did not make this one, and shares and defers nothing under it.
 */
const noContext: ExecutionContextLike = {
  waitUntil: (promise) => void promise.catch(() => undefined),
};

function contextOf(c: Context): ExecutionContextLike | null {
  try {
    return c.executionCtx;
  } catch {
    return null;
  }
}
