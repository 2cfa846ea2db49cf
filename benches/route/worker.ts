// One small route three times: unguarded, guarded with jose and guarded with tokenkeep. POST sends
// the key set.

import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER } from "../verify/field.ts";

type Route = (
  request: Request,
  env: unknown,
  context: ExecutionContext,
) => Promise<Response> | Response;

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}

const hello = (subject: unknown) => Response.json({ hello: subject });
let routes: Readonly<Record<string, Route>> = {};

function guarded(jwks: JSONWebKeySet): Readonly<Record<string, Route>> {
  const keys = createLocalJWKSet(jwks);
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["RS256"],
      jwks: { keys: jwks.keys },
    },
  });
  return {
    "/unguarded": () => hello("alice"),
    "/jose": async (request) => {
      try {
        const token = request.headers.get("Authorization")?.replace("Bearer ", "") ?? "";
        const { payload } = await jwtVerify(token, keys, {
          issuer: ISSUER,
          audience: AUDIENCE,
          algorithms: ["RS256"],
        });
        return hello(payload.sub);
      } catch {
        return new Response(null, { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
      }
    },
    "/tokenkeep": verifier.guard((_request, _env, _context, { claims }) =>
      hello(claims.sub),
    ) as Route,
  };
}

export default {
  async fetch(request: Request, env: unknown, context: ExecutionContext): Promise<Response> {
    if (request.method === "POST") {
      routes = guarded((await request.json()) as JSONWebKeySet);
      return new Response(null, { status: 204 });
    }
    const route = routes[new URL(request.url).pathname];
    return route === undefined ? new Response(null, { status: 404 }) : route(request, env, context);
  },
};
