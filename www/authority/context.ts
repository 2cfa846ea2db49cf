// What every route of the authority knows about a call: the Worker's bindings, and the tenant that
// its path names.

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { type Tenant, tenantCalled } from "../tenants.ts";
import type { AuthorityBindings } from "./settings.ts";

export type Env = { Bindings: AuthorityBindings; Variables: { tenant: Tenant } };

/** Where something happens, in a call or on schedule. */
export interface Scene {
  bindings: AuthorityBindings;
  tenant: Tenant;
  /** For work that the answer needn't wait for. */
  waitUntil(work: Promise<unknown>): void;
}

export const findTenant = createMiddleware<Env>(async (c, next) => {
  const tenant = tenantCalled(c.env, c.req.param("tenant"));
  if (tenant === null) return c.json({ error: "not_found" }, 404);
  c.set("tenant", tenant);
  return next();
});

export function sceneOf(
  c: Pick<Context<Env>, "env" | "executionCtx"> & { var: { tenant: Tenant } },
): Scene {
  return {
    bindings: c.env,
    tenant: c.var.tenant,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  };
}
