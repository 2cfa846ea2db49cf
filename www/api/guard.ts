// The door of the API: no valid access token of the tenant, no entry, and an answer that tells the
// client what to do next (RFC 6750). Keys come from the authority over its binding; what was
// revoked stands in KV.

import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import {
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
import { type Tenant, tenantCalled, tenantsOf } from "../tenants.ts";
import type { ApiBindings } from "./bindings.ts";

export type GuardedEnv = { Bindings: ApiBindings; Variables: { auth: Verified; tenant: Tenant } };

/** In every challenge. */
export const REALM = "api";

export const findTenant = createMiddleware<GuardedEnv>(async (c, next) => {
  const tenant = tenantCalled(c.env, c.req.param("tenant"));
  if (tenant === null) return c.json({ error: "not_found" }, 404);
  c.set("tenant", tenant);
  return next();
});

/** Lets those through whose token is of the tenant that the path names, and keeps the policy. */
export function requireAccessToken(policy: Policy = {}): MiddlewareHandler<GuardedEnv> {
  // One guard a tenant, made at its first call.
  const guards = new Map<string, MiddlewareHandler>();
  return async (c, next) => {
    const { id } = c.var.tenant;
    let door = guards.get(id);
    if (door === undefined) {
      door = guard((context) => doorOf(context.env as ApiBindings).verifier, {
        ...policy,
        realm: REALM,
        tenant: id,
      });
      guards.set(id, door);
    }
    return door(c, next);
  };
}

interface Door {
  readonly verifier: Verifier;
  readonly revocation: RevocationStore & Revoker;
}

let doorOfThisIsolate: Door | undefined;

/**
 * One an isolate: its key sets, its results and its memory of revocations are shared by the
 * requests.
 */
export function doorOf(bindings: ApiBindings): Door {
  doorOfThisIsolate ??= make(bindings);
  return doorOfThisIsolate;
}

function make(bindings: ApiBindings): Door {
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
      // Listed here, never taken from the token: `none` and a public key passed off as a MAC secret
      // end at this line.
      algorithms: ["ES256", "RS256"],
      jwksUri: `${issuer}/.well-known/jwks.json`,
    })),
    profile: "access-token",
    // The authority's clock is this one, and the demo's tokens live for seconds. Between machines
    // leave the default.
    clockTolerance: 0,
    revocation,
    jwks: {
      cooldown: Number(KEY_SET_COOLDOWN_SECONDS),
      // A Worker can't fetch another one of its own zone by address.
      fetch: (url, init) => AUTHORITY.fetch(url, init as RequestInit<RequestInitCfProperties>),
      store: kvJwksStore(SHARED),
    },
  });
  return { verifier, revocation };
}
