// A guarded Worker that takes opaque tokens, with its verifier at module scope, for the test of
// many requests of which some are cancelled.

import { createVerifier } from "tokenkeep/edge";
import { introspection } from "tokenkeep/introspection";
import { AUDIENCE, ISSUER, NOW } from "../suite/kit.ts";

let now = NOW * 1000;

const verifier = createVerifier({
  issuers: [],
  clock: () => now,
  introspection: introspection({
    issuer: ISSUER,
    audience: AUDIENCE,
    endpoint: `${ISSUER}/introspect`,
    client: { id: "api", auth: { method: "client_secret_basic", secret: "secret" } },
    // The test says when the answers come; a slow machine must not.
    timeout: 60_000,
    maxConcurrent: 30,
  }),
});

const guarded = verifier.guard((_request, _env, _ctx, auth) =>
  Response.json({ sub: auth.claims.sub }),
);

export default {
  fetch(request: Request, env: unknown, ctx: Parameters<typeof guarded>[2]): Promise<Response> {
    const at = new URL(request.url).searchParams.get("at");
    if (at !== null) now = (NOW + Number(at)) * 1000;
    return guarded(request, env, ctx);
  },
};
