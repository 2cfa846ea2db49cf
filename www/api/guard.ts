// The door of the API: no valid access token, no entry, and an answer that tells the client what to do next (RFC 6750). Keys come from
// the authority over its binding; what was revoked stands in KV.

import { createVerifier, kvJwksStore, kvRevocation, type RevocationStore, type Revoker, type Verified, type Verifier } from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import type { ApiBindings } from "./bindings.ts";

export type GuardedEnv = { Bindings: ApiBindings; Variables: { auth: Verified } };

export const POLICY = { realm: "api" } as const;

export const requireAccessToken = guard((c) => doorOf(c.env as ApiBindings).verifier, POLICY);

interface Door {
  readonly verifier: Verifier;
  readonly revocation: RevocationStore & Revoker;
}

let doorOfThisIsolate: Door | undefined;

/** One an isolate: its key set, its results and its memory of revocations are shared by the requests. */
export function doorOf(bindings: ApiBindings): Door {
  doorOfThisIsolate ??= make(bindings);
  return doorOfThisIsolate;
}

function make({ ISSUER, AUDIENCE, AUTHORITY, SHARED }: ApiBindings): Door {
  const revocation = kvRevocation(SHARED);
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      // Listed here, never taken from the token: `none` and a public key passed off as a MAC secret end at this line.
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/.well-known/jwks.json`,
    },
    profile: "access-token",
    // The authority's clock is this one, and the demo's tokens live for seconds. Between machines leave the default.
    clockTolerance: 0,
    revocation,
    jwks: {
      // A Worker can't fetch another one of its own zone by address.
      fetch: (url, init) => AUTHORITY.fetch(url, init as RequestInit<RequestInitCfProperties>),
      store: kvJwksStore(SHARED),
    },
  });
  return { verifier, revocation };
}
