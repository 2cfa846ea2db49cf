// Groups M, K and L: options and policies count by their own members, as they stood when they were
// given. In these cases somebody else's code has put members on Object.prototype.

import assert from "node:assert/strict";
import { Hono } from "hono";
import {
  createVerifier,
  type IssuerOptions,
  type JwksStore,
  type KeyValue,
  kvJwksStore,
  kvRevocation,
  memoryRevocation,
  type Policy,
  type Verified,
  verifyCompact,
} from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import {
  AUDIENCE,
  bench,
  claims,
  Endpoint,
  edge,
  ISSUER,
  keyPair,
  makeKeyPair,
  misconfigured,
  NOW,
  refused,
  sign,
} from "./kit.ts";

const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
const request = (token?: string) =>
  new Request("https://api.example/x", {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });

/** Runs `work` while every object inherits these members. */
async function inheriting(members: Record<string, unknown>, work: () => unknown): Promise<void> {
  const shared = Object.prototype as Record<string, unknown>;
  Object.assign(shared, members);
  try {
    await work();
  } finally {
    for (const name of Object.keys(members)) delete shared[name];
  }
}

const OPEN: Policy = { optional: true, realm: "inherited", roleMap: { user: ["all"] } };

edge("edge_M124_reads_a_policy_by_its_own_members", async () => {
  const { verifier } = await bench();
  const weak = await sign(claims({ roles: ["user"] }));
  const handler = () => new Response("in");
  const before = [
    verifier.guard(handler),
    verifier.guard(handler, {}),
    verifier.guard(handler, { permissions: ["all"] }),
  ];
  await inheriting(OPEN as Record<string, unknown>, async () => {
    const after = [verifier.guard(handler), verifier.guard(handler, { permissions: ["all"] })];
    for (const door of [...before, ...after]) {
      const answer = await door(request(), {}, context);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get("WWW-Authenticate"), "Bearer");
    }
    await refused(verifier.authenticate(request()), "request.missing");
    await refused(verifier.authenticate(request(), {}), "request.missing");
    const needs = { permissions: ["all"] };
    await refused(verifier.authenticate(request(weak), needs), "policy.permission");
    const error = await refused(verifier.authenticate(request("a.b.c"), {}), "token.malformed");
    assert.doesNotMatch(error.challenge({}) ?? "", /inherited/);
    assert.doesNotMatch(error.response().headers.get("WWW-Authenticate") ?? "", /inherited/);
    const hidden = Object.defineProperty({}, "permissions", { value: ["all"] }) as Policy;
    const guarded = new Hono().use(guard(verifier, hidden)).get("/x", (c) => c.text("in"));
    assert.equal((await guarded.request(request(weak))).status, 403, "one that nothing lists");
    for (const app of [
      new Hono().use(guard(verifier)).get("/x", (c) => c.text("in")),
      new Hono().use(guard(() => verifier, {})).get("/x", (c) => c.text("in")),
    ])
      assert.equal((await app.request(request())).status, 401);
  });
});

edge("edge_M124_takes_a_policy_as_it_stood", async () => {
  const { verifier } = await bench();
  const policy = {
    scopes: ["read"],
    roles: ["editor"],
    roleMap: { editor: ["posts:write"] } as Record<string, string[]>,
    permissions: ["posts:write"],
    forward: { "X-User": "sub", "X-Org": ["org", "id"] } as Record<string, string | string[]>,
  };
  const token = await sign(claims({ scope: "read", roles: ["editor"], org: { id: "o1" } }));
  const weak = await sign(claims({ scope: "none", roles: ["none"] }));
  const seen: (string | null)[][] = [];
  const door = verifier.guard((admitted, _env, _ctx, auth: Verified) => {
    seen.push([
      admitted.headers.get("X-User"),
      admitted.headers.get("X-Org"),
      admitted.headers.get("X-Other"),
      [...auth.permissions].join(),
    ]);
    return new Response("in");
  }, policy);
  const app = new Hono().use(guard(verifier, policy)).get("/x", (c) => c.text("in"));
  const late = new Hono().use(guard(() => verifier, policy)).get("/x", (c) => c.text("in"));
  policy.scopes.pop();
  policy.roles.push("none");
  policy.roleMap["none"] = ["posts:write"];
  policy.roleMap["editor"]?.push("all");
  (policy.forward["X-Org"] as string[]).pop();
  policy.forward["X-Other"] = "sub";
  Object.assign(policy, { optional: true });
  assert.equal((await door(request(token), {}, context)).status, 200);
  assert.deepEqual(seen, [["alice", "o1", null, "posts:write"]]);
  assert.equal((await door(request(weak), {}, context)).status, 403);
  assert.equal((await door(request(), {}, context)).status, 401);
  for (const one of [app, late]) {
    assert.equal((await one.request(request(token))).status, 200);
    assert.equal((await one.request(request(weak))).status, 403);
    assert.equal((await one.request(request())).status, 401);
  }
});

edge("edge_M124_takes_the_policy_of_a_call_as_it_stood_when_that_was_made", async () => {
  const { verifier } = await bench();
  const policy: { scopes: string[] } = { scopes: ["admin"] };
  const asked = verifier.authenticate(request(await sign()), policy);
  policy.scopes.pop();
  await refused(asked, "policy.scope");
  await verifier.authenticate(request(await sign()), policy);
});

edge("edge_M124_reads_options_by_their_own_members", async () => {
  const good = await sign();
  const undated = await sign(claims({ exp: undefined }));
  const numbered = await sign(claims({ sub: 7 }));
  const stranger = await makeKeyPair("ES256", "k1");
  const forged = await sign(claims(), {}, stranger);
  const inherited = {
    allowNoExpiry: true,
    clockTolerance: 600,
    tenant: "inherited",
    check: () => false,
    jwks: { keys: [stranger.jwk] },
    keys: [stranger.jwk],
    secret: new Uint8Array(64),
    store: {},
    maxAge: -1,
    prefix: 1,
    cacheTtl: -1,
    max: -1,
    algorithms: ["HS256"],
    claims: { org: "inherited" },
    claimPaths: { roles: "sub" },
    roles: [["sub"]],
    scopes: [["sub"]],
    acr: [["sub"]],
    profile: "access-token",
    types: ["at+jwt"],
    requiredClaims: ["org"],
    maxTokenAge: 0,
    tolerate: ["padding", "numeric-sub"],
    secrets: [],
  };
  const { jwk } = await keyPair();
  await inheriting(inherited, async () => {
    const endpoint = new Endpoint(jwk);
    const issuer: IssuerOptions = {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/jwks.json`,
    };
    const jwks = { fetch: endpoint.fetch };
    for (const issuers of [issuer, [issuer], () => issuer]) {
      const verifier = createVerifier({ issuers, jwks, clock: () => NOW * 1000 });
      const { tenant, roles, scopes } = await verifier.verify(good);
      assert.deepEqual([tenant, roles.size, scopes.size], [null, 0, 0]);
      await refused(verifier.authenticate(request(good), { acr: ["alice"] }), "policy.step_up");
      await refused(verifier.verify(numbered), "claim.sub");
      await refused(verifier.verify(undated), "claim.exp");
      await refused(verifier.verify(forged), "signature.invalid");
    }
    misconfigured(() =>
      createVerifier({ issuers: { issuer: ISSUER, audience: AUDIENCE } as IssuerOptions }),
    );
    await refused(verifyCompact(forged, jwk, { algorithms: ["ES256"] }), "signature.invalid");
    await refused(verifyCompact(forged, jwk, {} as never), "config_invalid");
    const kv: KeyValue = {
      get: async () => null,
      put: async () => undefined,
      delete: async () => undefined,
    };
    kvRevocation(kv, {});
    memoryRevocation({});
    kvJwksStore(kv, {});
  });
});

edge("edge_M124_follows_claim_paths_by_own_members", async () => {
  const { verifier } = await bench({
    issuer: { claimPaths: { roles: [["groups"], ["app", "groups"], ["__proto__"]], jti: "uti" } },
    revocation: { isRevoked: ({ jti }) => jti !== null },
  });
  const tokens = [{}, { app: {} }, { app: [] }, { app: "x" }].map((more) => sign(claims(more)));
  for (const token of await Promise.all(tokens))
    await inheriting({ groups: ["admin"], uti: "u1" }, async () => {
      assert.deepEqual([...(await verifier.verify(token)).roles], []);
    });
});

edge("edge_M124_takes_options_as_they_stood", async () => {
  const issuer = {
    issuer: ISSUER,
    audience: [AUDIENCE],
    algorithms: ["ES256"] as ("ES256" | "RS256")[],
    jwks: { keys: [(await keyPair()).jwk] },
  };
  const options = { issuers: [issuer], requiredClaims: ["org"], clock: () => NOW * 1000 };
  const verifier = createVerifier(options);
  const rsa = await keyPair("RS256", "r1");
  issuer.audience.push("https://other.example");
  issuer.algorithms.push("RS256");
  issuer.jwks.keys.push(rsa.jwk);
  options.requiredClaims.pop();
  Object.assign(options, { allowNoExpiry: true, clock: () => 0 });
  await verifier.verify(await sign(claims({ org: 1 })));
  await refused(verifier.verify(await sign()), "claim.org");
  await refused(
    verifier.verify(await sign(claims({ org: 1, aud: "https://other.example" }))),
    "claim.aud",
  );
  await refused(verifier.verify(await sign(claims({ org: 1 }), {}, rsa)), "alg.not_allowed");
});

edge("edge_M124_refuses_what_no_policy_and_no_store_could_mean", async () => {
  const { verifier } = await bench();
  const odd: unknown[] = [
    [],
    { scope: ["read"] },
    { scopes: Array(1) },
    { roleMap: ["editor"] },
    { roleMap: { editor: "posts:write" } },
    { forward: { "X-User": 7 } },
    { forward: "sub" },
  ];
  for (const policy of odd) {
    misconfigured(() => verifier.guard(() => new Response(), policy as Policy));
    await refused(verifier.authenticate(request(), policy as Policy), "config_invalid");
  }
  misconfigured(() => guard(verifier, { scope: ["read"] } as never));
  const kv = {} as KeyValue;
  for (const make of [
    () => kvRevocation(kv, { cachettl: 0 } as never),
    () => kvRevocation(kv, { cacheTtl: Number.NaN }),
    () => kvRevocation(kv, { prefix: 1 as never }),
    () => memoryRevocation({ max: 0.5 }),
    () => memoryRevocation({ clock: 1 as never }),
    (): JwksStore => kvJwksStore(kv, { Prefix: "x" } as never),
  ])
    misconfigured(make);
});
