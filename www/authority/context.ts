// What every route of the authority knows about a call: the Worker's bindings, and the tenant that its path names.

import { createMiddleware } from "hono/factory";
import { type Tenant, tenantCalled } from "../tenants.ts";
import type { AuthorityBindings } from "./settings.ts";

export type Env = { Bindings: AuthorityBindings; Variables: { tenant: Tenant } };

export const findTenant = createMiddleware<Env>(async (c, next) => {
  const tenant = tenantCalled(c.env, c.req.param("tenant"));
  if (tenant === null) return c.json({ error: "not_found" }, 404);
  c.set("tenant", tenant);
  return next();
});
