// The services that may exchange users' tokens (RFC 8693): who they are, and the table of which
// audience each may ask for, with which scopes.

import type { JSONWebKeySet } from "jose";
import type { Tenant } from "../tenants.ts";
import type { AuthorityBindings } from "./settings.ts";

export interface Service {
  /** Its `client_id`, and the `sub` of `act` where it acts. */
  readonly id: string;
  /** Its public keys. It proves who it is by `private_key_jwt`. */
  readonly jwks: JSONWebKeySet;
  /** The audience of the tokens that it gets from users, and may exchange. */
  readonly audience: string;
  /** The audiences that it may ask for, each with the scopes that it may have there. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
}

/** The binding SERVICES. What it holds is the operator's own, and is not looked at twice. */
export function servicesOf({ SERVICES = "[]" }: AuthorityBindings): readonly Service[] {
  const services: unknown = JSON.parse(SERVICES);
  if (!Array.isArray(services)) throw new Error("SERVICES must be a JSON array");
  for (const { id, audience, jwks, targets } of services as Partial<Service>[])
    if (!id || !audience || !Array.isArray(jwks?.keys) || typeof targets !== "object")
      throw new Error("each of SERVICES needs an id, jwks, an audience and targets");
  return services as Service[];
}

/**
 * The claim `may_act` (RFC 8693 section 4.4) of a tenant's tokens: the service that they are for
 * may act for the user.
 */
export function mayActFor(
  bindings: AuthorityBindings,
  { audience }: Tenant,
): { may_act?: { sub: string } } {
  const service = servicesOf(bindings).find((one) => one.audience === audience);
  return service === undefined ? {} : { may_act: { sub: service.id } };
}
