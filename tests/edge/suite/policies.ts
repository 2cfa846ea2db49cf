// Group M: policies beside a request's token: those that are no policies, those that a function
// chooses, `Policy.audience`, `authorize` and `VerifierOptions.respond`.

import assert from "node:assert/strict";
import { Hono } from "hono";
import type { Policy, Verified, VerifierOptions, VerifyError } from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import {
  AUDIENCE,
  bench,
  claims,
  edge,
  ISSUER,
  misconfigured,
  NOW,
  refusal,
  refused,
  sign,
} from "./kit.ts";

const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
const request = (token?: string, init: RequestInit = {}) =>
  new Request("https://api.example/x", {
    ...init,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
const inside = () => new Response("in");

/** What has rules that don't count, and would let everybody in. */
function deceptive(): readonly unknown[] {
  class Getter {
    get scopes() {
      return ["admin"];
    }
  }
  class Derived extends Getter {
    realm = "api";
  }
  const inherited = Object.entries({
    scopes: ["admin"],
    anyScope: ["admin"],
    roles: ["admin"],
    permissions: ["all"],
    tenant: "t1",
    acr: ["gold"],
    maxAge: 1,
    fingerprint: () => "x",
    audience: "other",
    delegation: "forbid",
    token: { cookie: "session" },
    forward: { "X-User": "sub" },
  }).map(([name, value]) => Object.create({ [name]: value }));
  return [
    ...inherited,
    Object.create(Object.create(Object.create(null, { tenant: { value: "t1" } }))),
    new Getter(),
    new Derived(),
    Promise.resolve({ scopes: ["admin"] }),
    new (class {
      // biome-ignore lint/suspicious/noThenProperty: lazy queries of databases have one
      then() {}
    })(),
    new Map([["scopes", ["admin"]]]),
    new Set(),
    new Date(),
    new URL("https://api.example"),
    request(),
    /admin/,
    [],
    null,
    "admin",
    7,
  ];
}

edge("edge_M180_refuses_a_policy_whose_rules_would_not_count", async () => {
  const { verifier } = await bench();
  const good = request(await sign());
  for (const policy of deceptive() as Policy[]) {
    const note = Object.prototype.toString.call(policy);
    misconfigured(() => verifier.guard(inside, policy), note);
    misconfigured(() => guard(verifier, policy), note);
    await refused(verifier.authenticate(good, policy), "config_invalid", note);
    await refused(
      verifier.authorize(await verifier.verify(await sign()), policy),
      "config_invalid",
    );
    const chosen = await verifier.guard(inside, () => policy)(good, {}, context);
    assert.equal(chosen.status, 500, note);
  }
});

edge("edge_M180_takes_a_class_whose_rules_are_its_own_members", async () => {
  const { verifier } = await bench();
  class Base {
    scopes = ["read"];
    get realm() {
      return "not mine";
    }
  }
  class Admin extends Base {
    override scopes = ["admin"];
    describe() {
      return "admins";
    }
  }
  // The member of its own stands above the one of its prototype.
  class Own extends class {} {
    roles = ["admin"];
  }
  Object.defineProperty(Own.prototype, "roles", { value: ["user"] });
  const token = await sign(claims({ scope: "read" }));
  await refused(verifier.authenticate(request(token), new Admin()), "policy.scope");
  await verifier.authenticate(request(token), new Base());
  await refused(verifier.authenticate(request(token), new Own()), "policy.role");
  const error = await refusal(verifier.authenticate(request(), new Base()));
  assert.equal(error.challenge(new Base()), 'Bearer scope="read"');
  // What gives something away is ignored where it is inherited.
  const open = Object.create({ optional: true, preflight: "pass" }) as Policy;
  await refused(verifier.authenticate(request(), open), "request.missing");
});

edge("edge_M180_reads_rules_and_what_is_in_them_by_their_own_members", async () => {
  const { verifier } = await bench();
  const token = await sign();
  const shared = Object.prototype as unknown as Record<string, unknown>;
  const inherited = {
    token: { cookie: "session" },
    header: "X-Token",
    cookie: "session",
    preflight: "pass",
    audience: "other",
    respond: () => new Response("in"),
    forward: { "X-User": "jti" },
  };
  Object.assign(shared, inherited);
  try {
    const late = await bench();
    for (const one of [verifier, late.verifier]) {
      const at = (path: string, headers: Record<string, string>, method = "GET") =>
        new Request(`https://api.example${path}`, { headers, method });
      const bearer = { Authorization: `Bearer ${token}` };
      const preflight = { "Access-Control-Request-Method": "GET" };
      for (const policy of [undefined, {}, () => ({})] as const) {
        const door = one.guard(inside, policy as Policy);
        assert.equal((await door(at("/", bearer), {}, context)).status, 200);
        assert.equal(
          (await door(at("/", { Cookie: `session=${token}` }), {}, context)).status,
          401,
        );
        assert.equal((await door(at("/", { "X-Token": token }), {}, context)).status, 401);
        assert.equal((await door(at("/", preflight, "OPTIONS"), {}, context)).status, 401);
      }
      const header = one.guard(inside, { token: { header: "X-Other" } });
      assert.equal((await header(at("/", { "X-Other": token }), {}, context)).status, 200);
      assert.equal(
        (await header(at("/", { Cookie: `session=${token}` }), {}, context)).status,
        401,
      );
      const cookie = one.guard(inside, { token: { cookie: "other" } });
      assert.equal((await cookie(at("/", { Cookie: `other=${token}` }), {}, context)).status, 200);
      assert.equal((await cookie(at("/", { "X-Token": token }), {}, context)).status, 401);
      misconfigured(() => one.guard(inside, { token: {} as never }));
    }
  } finally {
    for (const name of Object.keys(inherited)) delete shared[name];
  }
});

edge("edge_M184_asks_for_an_audience_beside_the_issuers", async () => {
  const other = "https://reports.example";
  const { verifier, events } = await bench({ issuer: { tenant: "t1" } });
  const both = await sign(claims({ aud: [AUDIENCE, other] }));
  await verifier.authenticate(request(both), { audience: other });
  await verifier.authenticate(request(both), { audience: ["x", other] });
  await verifier.authenticate(request(await sign()), { audience: AUDIENCE });
  events.length = 0;
  const policy = { audience: other, realm: "api" };
  for (const aud of [AUDIENCE, [AUDIENCE], [AUDIENCE, `${other}/`], [AUDIENCE, ""]]) {
    const error = await refused(
      verifier.authenticate(request(await sign(claims({ aud }))), policy),
      "policy.audience",
    );
    assert.deepEqual([error.status, error.category], [401, "policy"]);
    assert.match(error.challenge(policy) ?? "", /^Bearer realm="api", error="invalid_token"/);
    assert.deepEqual(await error.response(policy).json(), { error: "invalid_token" });
  }
  assert.deepEqual(
    events.filter(({ type }) => type !== "jwks"),
    Array(4).fill({
      type: "refused",
      code: "policy.audience",
      category: "policy",
      issuer: ISSUER,
      tenant: "t1",
    }),
  );
  // The issuer's own audience is not given up.
  await refused(
    verifier.authenticate(request(await sign(claims({ aud: other }))), policy),
    "claim.aud",
  );
  for (const odd of ["", [], [""], [other, 7], Array(1), {}, 7, null])
    misconfigured(() => verifier.guard(inside, { audience: odd as never }), JSON.stringify(odd));
});

edge("edge_M186_takes_a_policy_that_is_a_function_of_the_request", async () => {
  const { verifier } = await bench();
  const door = verifier.guard(inside, ({ method }) =>
    method === "GET" ? { scopes: ["read"], realm: "readers" } : { scopes: ["write"] },
  );
  const token = await sign(claims({ scope: "read" }));
  assert.equal((await door(request(token), {}, context)).status, 200);
  const post = await door(request(token, { method: "POST" }), {}, context);
  assert.equal(post.status, 403);
  assert.match(post.headers.get("WWW-Authenticate") ?? "", /scope="write"$/);
  const bare = await door(request(), {}, context);
  assert.equal(bare.headers.get("WWW-Authenticate"), 'Bearer realm="readers", scope="read"');

  const open = verifier.guard(
    (_request: Request, _env: unknown, _ctx: unknown, auth: Verified | null) =>
      new Response(auth?.claims.sub ?? "nobody"),
    () => ({ optional: true }),
  );
  assert.equal(await (await open(request(), {}, context)).text(), "nobody");
  assert.equal(await (await open(request(token), {}, context)).text(), "alice");
});

edge("edge_M186_refuses_where_the_function_has_no_policy", async () => {
  const { verifier, events } = await bench();
  const token = await sign();
  const missing = await refusal(verifier.authenticate(request()));
  let runs = 0;
  const handler = () => ((runs += 1), new Response("in"));
  for (const choose of [
    () => {
      throw new Error("the database is down");
    },
    () => {
      throw new RangeError("x");
    },
    () => {
      throw missing;
    },
    () => ({
      get scopes(): string[] {
        throw new Error("x");
      },
    }),
    () => undefined,
    () => null,
    () => "admin",
    () => [],
    () => () => ({}),
    () => ({ scope: ["read"] }),
    () => ({ scopes: "read" }),
    async () => ({}),
    async () => {
      throw new Error("nobody hears it");
    },
    class {},
  ]) {
    events.length = 0;
    const door = verifier.guard(handler, choose as () => Policy);
    for (const given of [request(), request(token)]) {
      const answer = await door(given, {}, context);
      assert.equal(answer.status, 500, String(choose));
      assert.equal(answer.headers.get("Cache-Control"), "no-store");
      assert.deepEqual(await answer.json(), { error: "server_error" });
    }
    const refusedEvent = { type: "refused", code: "config_invalid", category: "config" };
    assert.deepEqual(events, Array(2).fill({ ...refusedEvent, issuer: null, tenant: null }));
  }
  assert.equal(runs, 0);
  // `authenticate` takes none: it would have to guess whether the function may throw.
  await refused(verifier.authenticate(request(token), (() => ({})) as never), "config_invalid");
  await new Promise((resolve) => setTimeout(resolve, 1));
});

edge("edge_M187_applies_a_policy_to_a_token_that_came_another_way", async () => {
  const { verifier, events, clock } = await bench({ issuer: { tenant: "t1" } });
  const token = await sign(
    claims({ scope: "read", roles: ["editor"], acr: "gold", auth_time: NOW, fingerprint: "abc" }),
  );
  const auth = await verifier.verify(token);
  events.length = 0;
  const roleMap = { editor: ["posts:write"] };
  for (const policy of [
    {},
    { scopes: ["read"], anyScope: ["read"], roles: ["editor"], tenant: "t1", audience: AUDIENCE },
    { permissions: ["posts:write"], roleMap },
    { acr: ["gold"], maxAge: 60 },
    // Where a token is, and whether there may be none, is not asked.
    { token: { cookie: "session" }, optional: true, preflight: "pass", realm: "api" },
  ] satisfies Policy[])
    assert.equal(await verifier.authorize(auth, policy), undefined);
  assert.deepEqual([...auth.permissions], [], "what a map gives is the policy's own affair");
  for (const [policy, code] of [
    [{ scopes: ["admin"] }, "policy.scope"],
    [{ roles: ["admin"] }, "policy.role"],
    [{ permissions: ["posts:write"] }, "policy.permission"],
    [{ tenant: "t2" }, "policy.tenant"],
    [{ audience: "other" }, "policy.audience"],
    [{ acr: ["platinum"] }, "policy.step_up"],
    // Only a request could say.
    [{ fingerprint: () => "abc" }, "policy.fingerprint"],
    [{ scope: ["read"] } as Policy, "config_invalid"],
    [undefined as unknown as Policy, "config_invalid"],
  ] as const)
    await refused(verifier.authorize(auth, policy), code);
  await verifier.authorize(auth, { fingerprint: ({ url }) => url.slice(-1) && "abc" }, request());
  await refused(
    verifier.authorize(auth, { fingerprint: () => "abd" }, request()),
    "policy.fingerprint",
  );
  clock.forward(61);
  await refused(verifier.authorize(auth, { maxAge: 60 }), "policy.step_up");
  assert.deepEqual(events, []);
});

edge("edge_M187_grants_nothing_for_what_is_missing_in_a_token_made_by_hand", async () => {
  const { verifier } = await bench({ issuer: { tenant: "t1" } });
  const needs: readonly [Policy, string][] = [
    [{ scopes: ["read"] }, "policy.scope"],
    [{ anyScope: ["read"] }, "policy.scope"],
    [{ roles: ["editor"] }, "policy.role"],
    [{ permissions: ["all"] }, "policy.permission"],
    [{ permissions: ["all"], roleMap: { editor: ["all"] } }, "policy.permission"],
    [{ tenant: "t1" }, "policy.tenant"],
    [{ audience: AUDIENCE }, "policy.audience"],
    [{ acr: ["gold"] }, "policy.step_up"],
    [{ maxAge: 60 }, "policy.step_up"],
  ];
  const whole = {
    claims: { acr: "gold", auth_time: NOW, aud: AUDIENCE },
    tenant: "t1",
    scopes: new Set(["read"]),
    roles: new Set(["editor"]),
    permissions: new Set(["all"]),
  };
  class Made {
    readonly claims = whole.claims;
    readonly tenant = "t1";
    get scopes() {
      return whole.scopes;
    }
    get roles() {
      return whole.roles;
    }
    get permissions() {
      return whole.permissions;
    }
  }
  const kept = JSON.parse(
    JSON.stringify(
      await verifier.verify(
        await sign(
          claims({
            ...whole.claims,
            scope: "read",
            roles: ["editor"],
            permissions: ["all"],
          }),
        ),
      ),
    ),
  );
  for (const auth of [whole, new Made(), kept] as Verified[])
    for (const [policy] of needs) await verifier.authorize(auth, policy);

  const empty = { claims: {} } as Verified;
  const odd = {
    claims: { aud: { 0: AUDIENCE }, acr: ["gold"], auth_time: "1" },
    tenant: null,
    scopes: "read",
    roles: { has: () => true },
    permissions: { 0: "all", length: 1 },
  };
  const inheriting = async (work: () => Promise<void>) => {
    const shared = Object.prototype as unknown as Record<string, unknown>;
    Object.assign(shared, whole);
    try {
      await work();
    } finally {
      for (const name of Object.keys(whole)) delete shared[name];
    }
  };
  for (const [policy, code] of needs) {
    await refused(verifier.authorize(empty, policy), code);
    await refused(verifier.authorize(odd as unknown as Verified, policy), code);
    await inheriting(async () => void (await refused(verifier.authorize(empty, policy), code)));
  }
  await verifier.authorize(empty, {});
  await refused(verifier.authorize(null as never, {}), "request.missing");
  for (const none of [undefined, {}, [], "alice", 7, Promise.resolve(whole), { claims: null }])
    await refused(verifier.authorize(none as never, {}), "config_invalid", String(none));
});

type Respond = NonNullable<VerifierOptions["respond"]>;

edge("edge_M188_answers_as_the_application_does", async () => {
  const heard: [string, string, Policy][] = [];
  const { verifier, events } = await bench({
    respond: async (error, given, policy) => {
      heard.push([error.code, given.url, policy]);
      return Response.redirect("https://app.example/sign-in", 302);
    },
  });
  let runs = 0;
  const door = verifier.guard(() => ((runs += 1), new Response("in")), { scopes: ["read"] });
  const answer = await door(request(), {}, context);
  assert.deepEqual(
    [answer.status, answer.headers.get("Location"), answer.headers.get("WWW-Authenticate")],
    [302, "https://app.example/sign-in", null],
  );
  assert.equal((await door(request(await sign()), {}, context)).status, 302);
  assert.deepEqual(
    heard.map(([code, url, { scopes }]) => [code, url, scopes]),
    [
      ["request.missing", "https://api.example/x", ["read"]],
      ["policy.scope", "https://api.example/x", ["read"]],
    ],
  );
  const refusals = events.filter(({ type }) => type === "refused");
  assert.equal(refusals.length, 2, "each refusal is told, whatever answers it");
  assert.equal(runs, 0);
  assert.equal(
    (await door(request(await sign(claims({ scope: "read" }))), {}, context)).status,
    200,
  );
  assert.equal(heard.length, 2);
  await refused(verifier.authenticate(request()), "request.missing");
  assert.equal(heard.length, 2, "for guard alone");
  await refused(bench({ respond: "x" as never }), "config_invalid");
});

edge("edge_M188_answers_itself_where_the_application_has_no_answer", async () => {
  const used = new Response("used");
  await used.text();
  for (const respond of [
    () => {
      throw new Error("secret");
    },
    async () => {
      throw new Error("secret");
    },
    () => undefined,
    () => null,
    () => "Not found",
    () => ({ status: 200, headers: new Headers(), body: null }),
    () => used,
  ]) {
    const { verifier } = await bench({ respond: respond as unknown as Respond });
    const answer = await verifier.guard(inside, { realm: "api" })(request(), {}, context);
    assert.equal(answer.status, 401, String(respond));
    assert.equal(answer.headers.get("WWW-Authenticate"), 'Bearer realm="api"');
    assert.equal(answer.headers.get("Cache-Control"), "no-store");
    assert.deepEqual(await answer.json(), { error: "token_missing" });
  }
});

edge("edge_M219_answers_itself_where_the_response_can_not_be_sent", async () => {
  const locked = new Response("on its way");
  locked.body?.getReader();
  const used = new Response("sent");
  await used.text();
  for (const given of [locked, used, Response.error()]) {
    const { verifier } = await bench({ respond: () => given });
    const answer = await verifier.guard(() => new Response("in"))(request(), {}, context);
    assert.equal(answer.status, 401);
    assert.deepEqual(await answer.json(), { error: "token_missing" });
  }
  // One without a body may be given again and again.
  const empty = new Response(null, { status: 403 });
  const { verifier } = await bench({ respond: () => empty });
  const guarded = verifier.guard(() => new Response("in"));
  for (const turn of [1, 2])
    assert.equal((await guarded(request(), {}, context)).status, 403, String(turn));
});

edge("edge_M188_shows_the_application_a_copy_of_the_policy_and_no_token", async () => {
  let last: VerifyError | null = null;
  const { verifier } = await bench({
    respond(error, _request, policy) {
      last = error;
      Object.assign(policy, { optional: true, scopes: [], preflight: "pass" });
      (policy.anyScope as string[] | undefined)?.push("none");
      if (typeof policy.token === "object") Object.assign(policy.token, { cookie: "other" });
      return error.response(policy);
    },
  });
  const door = verifier.guard(inside, {
    scopes: ["read"],
    anyScope: ["a"],
    token: { cookie: "session" },
  });
  const token = await sign(claims({ scope: "b" }));
  for (let turn = 0; turn < 2; turn += 1) {
    const given = new Request("https://api.example/x", { headers: { Cookie: `session=${token}` } });
    assert.equal((await door(given, {}, context)).status, 403);
    assert.equal((await door(request(), {}, context)).status, 401);
  }
  const { stack = "", message } = last ?? assert.fail();
  assert.doesNotMatch(`${message}${stack}${JSON.stringify(last)}`, /eyJ/);
  const empty: Policy[] = [];
  const failing = await bench({
    respond: (error, _request, policy) => (empty.push(policy), error.response(policy)),
  });
  const chosen = failing.verifier.guard(inside, () => [] as unknown as Policy);
  assert.equal((await chosen(request(), {}, context)).status, 500);
  assert.deepEqual(empty.map(Object.keys), [[]]);
});

edge("edge_M189_takes_all_of_it_in_Hono", async () => {
  const { verifier } = await bench({
    respond: (error) => new Response(error.code, { status: error.status }),
  });
  const app = new Hono();
  app.use("/header", guard(verifier, { token: { header: "X-Token" } }));
  app.use(
    "/cookie",
    guard(() => verifier, { token: { cookie: "session" }, audience: AUDIENCE }),
  );
  app.use("/preflight", guard(verifier, { preflight: "pass" }));
  app.use(
    "/chosen",
    guard(verifier, ({ method }) => (method === "GET" ? {} : { scopes: ["write"] })),
  );
  app.use("/broken", guard(verifier, (() => undefined) as never));
  app.use("/other", guard(verifier, { audience: "other" }));
  app.all("*", (c) => c.text((c.get("auth" as never) as Verified | null)?.claims.sub ?? "nobody"));
  const token = await sign();
  const ask = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const answer = await app.request(path, { method, headers });
    return [answer.status, await answer.text()];
  };
  const bearer = { Authorization: `Bearer ${token}` };
  const preflight = { "Access-Control-Request-Method": "GET" };
  assert.deepEqual(await ask("/header", { "X-Token": token }), [200, "alice"]);
  assert.deepEqual(await ask("/header", bearer), [401, "request.missing"]);
  assert.deepEqual(await ask("/cookie", { Cookie: `session=${token}` }), [200, "alice"]);
  assert.deepEqual(await ask("/cookie", bearer), [401, "request.missing"]);
  assert.deepEqual(await ask("/preflight", preflight, "OPTIONS"), [200, "nobody"]);
  assert.deepEqual(await ask("/preflight", preflight), [401, "request.missing"]);
  assert.deepEqual(await ask("/chosen", bearer), [200, "alice"]);
  assert.deepEqual(await ask("/chosen", bearer, "POST"), [403, "policy.scope"]);
  assert.deepEqual(await ask("/broken", bearer), [500, "config_invalid"]);
  assert.deepEqual(await ask("/other", bearer), [401, "policy.audience"]);
});
