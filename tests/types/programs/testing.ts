// `tokenkeep/testing`, as the tests of an application and of a server use it. Nothing here runs:
// the type check is the test.

import type { Session, TokenKeep } from "tokenkeep";
import { createVerifier, kvRevocation } from "tokenkeep/edge";
import {
  type FakeKeep,
  type FakeKeepOptions,
  type FakeRoutes,
  fakeKeep,
  fakeToken,
  memoryKv,
  testIssuer,
} from "tokenkeep/testing";

interface Order {
  readonly id: number;
}
const orders: readonly Order[] = [{ id: 7 }];

const routes: FakeRoutes = {
  "/orders": orders,
  "POST /orders": 201,
  "/text": "text",
  "/nothing": null,
  "/made": async (request) => new Response(await request.text()),
  "POST /sign-in": () => ({ access_token: fakeToken({ sub: "ada" }) }),
};
const options: FakeKeepOptions = {
  claims: { name: "Ada" },
  session: { status: "unknown" },
  routes,
  origins: ["https://api.example.com"],
  unauthorized: [401, 419],
};

export async function page(): Promise<Session> {
  const keep: FakeKeep = fakeKeep(options);
  const real: TokenKeep = keep;
  keep.signInAs({ sub: "bob" }, { expiresAt: 0 });
  keep.signInAs(null);
  keep.signInElsewhere({ sub: "bob" });
  keep.setSession({ degraded: true });
  keep.emit("step-up", { acrValues: [], maxAge: null, url: "" });
  keep.failNext("refresh", "refresh_unreachable");
  keep.route("/orders", () => 503);
  keep.signOut("logout-elsewhere");
  keep.reset();
  keep.reset({ claims: {} });
  const [first] = keep.requests;
  await first?.json();
  return (fakeKeep() satisfies TokenKeep, real).start();
}

export async function server(): Promise<unknown> {
  const clock = () => 0;
  const issuer = testIssuer({ issuer: "https://i.example", algorithm: "RS256", clock });
  issuer.rotate({ forget: true });
  const kv = memoryKv({ clock });
  const verifier = createVerifier({
    issuers: issuer.options,
    revocation: kvRevocation(kv),
    jwks: { fetch: issuer.fetch },
  });
  const { claims } = await verifier.verify(await issuer.mint({ sub: undefined }, { typ: "JWT" }));
  return [
    claims,
    kv.keys(),
    (await issuer.jwks()).keys,
    testIssuer({ secret: new Uint8Array(32) }),
  ];
}
