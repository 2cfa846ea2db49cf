// The context of every route: the Worker's bindings, and the tenant that the path names.

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { type Tenant, tenantCalled } from "../tenants.ts";
import type { AuthorityBindings } from "./settings.ts";

export type Env = {
  Bindings: AuthorityBindings;
  /** `boundTo`: the thumbprint of the key that has proved itself in this call. */
  Variables: { tenant: Tenant; boundTo?: string };
};

/** The surroundings of an event, in a call or in a run of the schedule. */
export interface Scene {
  bindings: AuthorityBindings;
  tenant: Tenant;
  /** Runs work that the answer does not wait for. */
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
