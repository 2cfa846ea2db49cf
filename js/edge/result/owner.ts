// Whose token an error refuses, once its signature held. Only events say so: an answer to a client
// tells nothing of it.

import { VerifyError } from "../request/error.js";
import type { Verified } from "./verified.js";

type Owner = Pick<Verified, "issuer" | "tenant">;

const owners = new WeakMap<VerifyError, Owner>();

/** The error, of which it is known from now on whose token it refuses. */
export function refusalOf({ issuer, tenant }: Owner, cause: unknown): unknown {
  if (cause instanceof VerifyError) owners.set(cause, { issuer, tenant });
  return cause;
}

export function ownerOf(error: VerifyError): Owner | null {
  return owners.get(error) ?? null;
}
