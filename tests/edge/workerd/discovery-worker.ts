// A guarded Worker that discovers its keys, and is told what time it is: for the test of clients
// that hang up while the issuer's metadata are on their way.

import { discover } from "tokenkeep/discovery";
import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER, NOW } from "../suite/kit.ts";

/** Milliseconds. */
let now = NOW * 1000;
const verifier = createVerifier({
  issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: discover() },
  clock: () => now,
  // The test says when the metadata come; a slow machine must not.
  jwks: { timeout: 60_000 },
});
const guarded = verifier.guard((_request, _env, _ctx, auth) =>
  Response.json({ sub: auth.claims.sub }),
);

export default {
  fetch(...[request, ...rest]: Parameters<typeof guarded>): ReturnType<typeof guarded> {
    now = (NOW + Number(new URL(request.url).searchParams.get("at"))) * 1000;
    return guarded(request, ...rest);
  },
};
