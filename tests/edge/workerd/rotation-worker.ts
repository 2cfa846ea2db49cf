// A guarded Worker that is told what time it is: for the test of a client that hangs up while a new
// key is looked for.

import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER, NOW } from "../suite/kit.ts";

/** Milliseconds. */
let now = NOW * 1000;
const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/jwks.json`,
  },
  clock: () => now,
  jwks: { cooldown: 30, timeout: 60_000 },
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
