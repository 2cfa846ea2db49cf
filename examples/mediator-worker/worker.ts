// The Worker of a page whose users sign in at an OpenID provider: tokenkeep's mediator with its
// sessions in D1, and an API that only good access tokens reach. The page's own files are assets.

import { discover } from "tokenkeep/discovery";
import { createVerifier } from "tokenkeep/edge";
import {
  createMediator,
  d1Sessions,
  type ExecutionContextLike,
  type SessionDatabase,
  storedSessions,
} from "tokenkeep/mediator";

interface Env {
  DB: SessionDatabase;
  ORIGIN: string;
  ISSUER: string;
  CLIENT_SECRET: string;
  SESSION_KEY: string;
}

function make({ DB, ORIGIN, ISSUER, CLIENT_SECRET, SESSION_KEY }: Env) {
  const mediator = createMediator({
    provider: { issuer: ISSUER, scope: "openid profile offline_access" },
    client: { id: "web", auth: { method: "client_secret_basic", secret: CLIENT_SECRET } },
    url: `${ORIGIN}/session`,
    apps: [ORIGIN],
    sessions: storedSessions(d1Sessions(DB), { keys: [SESSION_KEY] }),
    onEvent: (event) => console.log(JSON.stringify(event)),
  });
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: "https://api.example.com",
      algorithms: ["RS256"],
      jwksUri: discover(),
    },
    profile: "access-token",
  });
  const hello = verifier.guard((_request, _env, _ctx, { claims }) =>
    Response.json({ hello: claims.sub }),
  );
  return { mediator, hello };
}

let made: ReturnType<typeof make> | undefined;

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContextLike): Promise<Response> {
    // Once for each isolate.
    made ??= make(env);
    const { mediator, hello } = made;
    if (mediator.handles(request)) return mediator.fetch(request, ctx);
    if (new URL(request.url).pathname === "/api/hello") return hello(request, env, ctx);
    return new Response(null, { status: 404 });
  },
};
