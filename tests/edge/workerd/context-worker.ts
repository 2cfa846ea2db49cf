// A guarded Worker whose guards get no context of their request: none through Hono, one constant
// object for all requests, the context of another request. Each call says what time it is.

import { Hono } from "hono";
import { createVerifier } from "tokenkeep/edge";
import { type AuthEnv, guard } from "tokenkeep/hono";
import { AUDIENCE, ISSUER, NOW } from "../suite/kit.ts";

/** Milliseconds. */
let now = NOW * 1000;
const verifiers = new Map<string, ReturnType<typeof verifierAt>>();

/** A verifier of its own for each way of calling, so that they share no key set. */
const verifierAt = (path: string) =>
  createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}${path}`,
    },
    clock: () => now,
    // Who waits for a request that is gone waits as long as a renewal can take, which is twice
    // this.
    jwks: { timeout: path === "/first" ? 3_000 : 60_000 },
  });

function verifierOf(path: string): ReturnType<typeof verifierAt> {
  const verifier = verifiers.get(path) ?? verifierAt(path);
  verifiers.set(path, verifier);
  return verifier;
}

const app = new Hono<AuthEnv>();
app.use("*", guard(verifierOf("/hono")));
app.get("*", (c) => c.json({ sub: c.var.auth.claims.sub }));

const constant = { waitUntil() {} };
/** The context of the first request, kept for all. */
let first: ExecutionContext | undefined;

export default {
  async fetch(request: Request, env: object, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    now = (NOW + Number(searchParams.get("at"))) * 1000;
    if (pathname === "/hono") return app.fetch(request, env);
    const guarded = verifierOf(pathname).guard((_request, _env, _ctx, auth) =>
      Response.json({ sub: auth.claims.sub }),
    );
    if (pathname === "/own") return guarded(request, env, ctx);
    if (pathname === "/first") return guarded(request, env, (first ??= ctx));
    return guarded(request, env, pathname === "/constant" ? constant : lookAlike);
  },
};

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** Has the name of workerd's class, and one instance for all requests. */
const lookAlike = new (class ExecutionContext {
  waitUntil(): void {}
})();
