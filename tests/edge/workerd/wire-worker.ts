// A Worker whose routes look for the token in different places.

import { createVerifier, type ExecutionContextLike, type Policy } from "tokenkeep/edge";
import { AUDIENCE, Clock, ISSUER } from "../suite/kit.ts";

const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/jwks.json`,
  },
  clock: new Clock().read,
});

const POLICIES: Readonly<Record<string, Policy>> = {
  "/": {},
  "/header": { token: { header: "X-Token" } },
  "/cookie": { token: { cookie: "session" } },
};

const guarded = verifier.guard(
  () => new Response("in"),
  ({ url }) => POLICIES[new URL(url).pathname] ?? {},
);

export default {
  fetch: (request: Request, env: unknown, ctx: ExecutionContextLike) => guarded(request, env, ctx),
};
