// The tenants of the two servers: their issuers, audiences and paths. The authority and the API
// read the same list. Each tenant has keys of its own.

export interface Tenant {
  readonly id: string;
  /** The beginning of its paths: empty for `main`, `/tenants/<id>` for the others. */
  readonly base: string;
  /** The `iss` of its tokens. Verifiers find its key set below this address. */
  readonly issuer: string;
  /** The `aud` of its tokens: the API that they are for. */
  readonly audience: string;
}

export interface TenantBindings {
  /** The issuer of the tenant `main`: an origin, without a slash at its end. */
  ISSUER: string;
  /** The audience of the tenant `main`. */
  AUDIENCE: string;
  /** Further tenants, as JSON: `[{"id": "south", "audience": "https://api.south.example"}]`. */
  TENANTS?: string;
}

const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** `main` first. */
export function tenantsOf({ ISSUER, AUDIENCE, TENANTS = "[]" }: TenantBindings): readonly Tenant[] {
  const tenants: Tenant[] = [{ id: "main", base: "", issuer: ISSUER, audience: AUDIENCE }];
  const further: unknown = JSON.parse(TENANTS);
  if (!Array.isArray(further)) throw new Error("TENANTS must be a JSON array");
  for (const { id, audience } of further as { id?: unknown; audience?: unknown }[]) {
    if (typeof id !== "string" || !ID.test(id) || tenants.some((tenant) => tenant.id === id)) {
      throw new Error(
        "each of TENANTS needs an id of its own: lower-case letters, digits and hyphens",
      );
    }
    if (typeof audience !== "string" || audience === "")
      throw new Error(`the tenant ${id} needs an audience`);
    const base = `/tenants/${id}`;
    tenants.push({ id, base, issuer: ISSUER + base, audience });
  }
  return tenants;
}

/**
 * The tenant that `/tenants/<id>/…` names, or `main` for a path without one. Null when nobody has
 * set it up.
 */
export function tenantCalled(bindings: TenantBindings, id: string | undefined): Tenant | null {
  const [main, ...further] = tenantsOf(bindings);
  return (id === undefined ? main : further.find((tenant) => tenant.id === id)) ?? null;
}
