// The nonces of DPoP (RFC 9449 sections 8 and 9). The authority and the API give them out where
// they have a secret for them. Nobody has to store one.

import type { DpopOptions } from "tokenkeep/edge";

export interface NonceBindings {
  /**
   * Signs the nonces: a secret of at least 32 characters that nobody can guess. Without it proofs
   * need no nonce.
   */
  DPOP_NONCE_SECRET?: string;
}

/** What both servers say of proofs. Keep the object: what was read of it is kept by it. */
export function dpopOf({ DPOP_NONCE_SECRET: secret }: NonceBindings): DpopOptions {
  return secret ? { nonce: { secret: new TextEncoder().encode(secret) } } : {};
}
