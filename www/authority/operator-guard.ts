// The guard of the operator's routes. It takes an access token of this tenant with the role
// "operator", and none with which somebody acts for its user. At each call it asks the tables
// whether the token's session has ended: KV may take a minute to show what this Worker has written.

import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import {
  createVerifier,
  type DpopOptions,
  kvRevocation,
  type RevocationStore,
  type Verified,
  type Verifier,
} from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import { dpopOf } from "../nonces.ts";
import { type Tenant, tenantsOf } from "../tenants.ts";
import type { Env } from "./context.ts";
import { publishedKeys } from "./key-ring.ts";
import { isLiving } from "./sessions.ts";
import { type AuthorityBindings, secondsNow } from "./settings.ts";
import { ALGORITHMS } from "./signing-keys.ts";

export type OperatorEnv = {
  Bindings: AuthorityBindings;
  Variables: { tenant: Tenant; auth: Verified };
};

/** One guard a tenant, made at its first call. */
const guards = new Map<string, MiddlewareHandler>();
let verifierOfThisIsolate: Verifier | undefined;

export const requireOperator = createMiddleware<Env>(async (c, next) => {
  const { id } = c.var.tenant;
  let middleware = guards.get(id);
  if (middleware === undefined) {
    const revocation = revocationIn(c.env, tenantsOf(c.env));
    // Tokens that are bound to a key come with a proof of it.
    const verifier = (verifierOfThisIsolate ??= make(c.env, { revocation, dpop: dpopOf(c.env) }));
    guards.set(
      id,
      (middleware = guard(verifier, {
        realm: "operator",
        tenant: id,
        roles: ["operator"],
        delegation: "forbid",
      })),
    );
  }
  return middleware(c, next);
});

let plain: Verifier | undefined;

/** Verifies this authority's tokens. Whether their session has ended is for the caller to ask. */
export function verifierIn(bindings: AuthorityBindings): Verifier {
  return (plain ??= make(bindings, {
    revocation: kvRevocation(bindings.SHARED, { cacheTtl: 0 }),
  }));
}

function make(
  bindings: AuthorityBindings,
  more: { revocation: RevocationStore; dpop?: DpopOptions },
): Verifier {
  const tenants = tenantsOf(bindings);
  const uriOf = ({ issuer }: Tenant) => `${issuer}/.well-known/jwks.json`;
  return createVerifier({
    issuers: tenants.map((tenant) => ({
      issuer: tenant.issuer,
      audience: tenant.audience,
      tenant: tenant.id,
      algorithms: ALGORITHMS,
      jwksUri: uriOf(tenant),
    })),
    profile: "access-token",
    clockTolerance: 0,
    ...more,
    jwks: {
      // The keys are in this Worker's own database: no network, and no need to wait between two
      // reads.
      cooldown: 1,
      fetch: async (uri) => {
        const tenant = tenants.find((candidate) => uriOf(candidate) === uri);
        return tenant
          ? Response.json({ keys: await publishedKeys(bindings, tenant, secondsNow()) })
          : new Response(null, { status: 404 });
      },
    },
  });
}

/** Asks the tables about the session and its user, and KV about tokens that were revoked there. */
function revocationIn(bindings: AuthorityBindings, tenants: readonly Tenant[]): RevocationStore {
  const shared = kvRevocation(bindings.SHARED, { cacheTtl: 0 });
  return {
    async isRevoked(subject) {
      const { issuer, sid: id, sub: accountId } = subject;
      const tenantId = tenants.find((tenant) => tenant.issuer === issuer)?.id;
      // Each access token of this authority names its session and its user.
      if (tenantId === undefined || id === null || accountId === null) return true;
      const now = secondsNow();
      if (!(await isLiving(bindings.DB, { tenantId, id, accountId, now }))) return true;
      return shared.isRevoked(subject);
    },
  };
}
