// A guarded Worker with its verifier at module scope, for the test of many cold requests.

import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER, NOW } from "../suite/kit.ts";

const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/jwks.json`,
  },
  clock: () => NOW * 1000,
  // The test says when the keys come; a slow machine must not.
  jwks: { timeout: 60_000 },
});

export default {
  fetch: verifier.guard((_request, _env, _ctx, auth) => Response.json({ sub: auth.claims.sub })),
};
