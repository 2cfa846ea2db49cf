// The guard of the API. It lets in calls with a valid access token of the tenant, and answers the
// others with a challenge (RFC 6750). Keys come from the authority over its binding, revocations
// from KV.

import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import {
  type Claims,
  createVerifier,
  kvJwksStore,
  kvRevocation,
  type Policy,
  type RevocationStore,
  type Revoker,
  type Verified,
  type Verifier,
} from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import { dpopOf } from "../nonces.ts";
import { type Tenant, tenantCalled, tenantsOf } from "../tenants.ts";
import type { ApiBindings } from "./bindings.ts";

export type GuardedEnv = { Bindings: ApiBindings; Variables: { auth: Verified; tenant: Tenant } };

/** The `realm` of every challenge. */
export const REALM = "api";

export const findTenant = createMiddleware<GuardedEnv>(async (c, next) => {
  const tenant = tenantCalled(c.env, c.req.param("tenant"));
  if (tenant === null) return c.json({ error: "not_found" }, 404);
  c.set("tenant", tenant);
  return next();
});

/**
 * Lets a call through if its token is of the tenant that the path names, and fulfils the policy.
 */
export function requireAccessToken(policy: Policy = {}): MiddlewareHandler<GuardedEnv> {
  // One guard a tenant, made at its first call.
  const guards = new Map<string, MiddlewareHandler>();
  return async (c, next) => {
    const { id } = c.var.tenant;
    let middleware = guards.get(id);
    if (middleware === undefined) {
      middleware = guard((context) => verificationOf(context.env as ApiBindings).verifier, {
        ...policy,
        dpop: c.env.DPOP === "required" ? "required" : "accepted",
        realm: REALM,
        tenant: id,
      });
      guards.set(id, middleware);
    }
    return middleware(c, next);
  };
}

interface Verification {
  readonly verifier: Verifier;
  readonly revocation: RevocationStore & Revoker;
}

let verificationOfThisIsolate: Verification | undefined;

/**
 * One for each isolate: all requests share its key sets, its results and its memory of revocations.
 */
export function verificationOf(bindings: ApiBindings): Verification {
  verificationOfThisIsolate ??= make(bindings);
  return verificationOfThisIsolate;
}

function make(bindings: ApiBindings): Verification {
  const {
    AUTHORITY,
    SHARED,
    REVOCATION_CACHE_SECONDS = "30",
    KEY_SET_COOLDOWN_SECONDS = "30",
  } = bindings;
  const revocation = kvRevocation(SHARED, { cacheTtl: Number(REVOCATION_CACHE_SECONDS) });
  const verifier = createVerifier({
    issuers: tenantsOf(bindings).map(({ id, issuer, audience }) => ({
      issuer,
      audience,
      tenant: id,
      // A list of ours, never the token's word: it refuses `none`, and a public key used as an HMAC
      // secret.
      algorithms: ["ES256", "RS256"],
      jwksUri: `${issuer}/.well-known/jwks.json`,
    })),
    profile: "access-token",
    // The authority has the same clock, and the demo's tokens live for seconds. Between machines,
    // leave the default.
    clockTolerance: 0,
    revocation,
    dpop: dpopOf(bindings),
    check: (claims) => mayStillAct(revocation, claims),
    jwks: {
      cooldown: Number(KEY_SET_COOLDOWN_SECONDS),
      // A Worker can't fetch another one of its own zone by its address.
      fetch: (url, init) => AUTHORITY.fetch(url, init as RequestInit<RequestInitCfProperties>),
      store: kvJwksStore(SHARED),
    },
  });
  return { verifier, revocation };
}

/** Whoever acts for a user stops when all of their own sessions are ended. */
async function mayStillAct(revocation: RevocationStore, claims: Claims): Promise<boolean> {
  const { sub } = (claims["act"] ?? {}) as { sub?: string };
  if (sub === undefined) return true;
  const { iss: issuer = "", iat = null } = claims;
  return !(await revocation.isRevoked({ issuer, jti: null, sid: null, sub, iat }));
}
