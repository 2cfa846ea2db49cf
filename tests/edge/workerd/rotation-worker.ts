// A guarded Worker with a short cooldown: for the test of a client that hangs up while a new key is
// looked for.

import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER } from "../suite/kit.ts";

const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/jwks.json`,
  },
  jwks: { cooldown: 4, timeout: 60_000 },
});

export default {
  fetch: verifier.guard((_request, _env, _ctx, auth) => Response.json({ sub: auth.claims.sub })),
};
