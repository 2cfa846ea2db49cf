// An API with Hono: one verifier for the isolate, and a policy for each route.

import { Hono } from "hono";
import { createVerifier, kvJwksStore, type Verifier } from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";

interface Bindings {
  SHARED: KVNamespace;
  ISSUER: string;
  AUDIENCE: string;
}

let verifier: Verifier | undefined;

function verifierFor({ SHARED, ISSUER, AUDIENCE }: Bindings): Verifier {
  verifier ??= createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/.well-known/jwks.json`,
    },
    profile: "access-token",
    jwks: { store: kvJwksStore(SHARED) },
  });
  return verifier;
}

const app = new Hono<{ Bindings: Bindings }>();

app.get("/", (c) => c.text("Everybody may read this."));

app.get(
  "/me",
  guard((c) => verifierFor(c.env)),
  (c) => c.json({ sub: c.var.auth.claims.sub }),
);

app.get(
  "/hello",
  guard((c) => verifierFor(c.env), { optional: true }),
  (c) => c.text(`Hello, ${c.var.auth?.claims.sub ?? "stranger"}`),
);

app.delete(
  "/orders/:id",
  guard((c) => verifierFor(c.env), { scopes: ["write"], roles: ["clerk"] }),
  (c) => c.json({ deleted: c.req.param("id") }),
);

export default app;
