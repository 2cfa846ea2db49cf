// Group M: where a request has its token, and preflights, which have none.

import assert from "node:assert/strict";
import type { Policy, Verified } from "tokenkeep/edge";
import { bench, claims, edge, misconfigured, refused, sign } from "./kit.ts";

const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
const request = (headers: HeadersInit = {}, init: RequestInit = {}) =>
  new Request("https://api.example/x", { ...init, headers });

/** A guarded handler: the status of its answer to such headers, and whom it has let in. */
async function door(policy: Policy) {
  const { verifier, events } = await bench();
  const seen: (string | null)[] = [];
  const handler = verifier.guard(
    (_request: Request, _env: unknown, _ctx: unknown, auth: Verified) => {
      seen.push((auth as Verified | null)?.claims.sub ?? null);
      return new Response("in");
    },
    policy,
  );
  const answer = (given: Request) => handler(given, {}, context);
  const ask = async (headers: HeadersInit) => (await answer(request(headers))).status;
  return { answer, ask, seen, verifier, events };
}

edge("edge_M181_takes_the_token_of_a_header_that_the_policy_names", async () => {
  const name = "Cf-Access-Jwt-Assertion";
  const { answer, ask, seen } = await door({ token: { header: name }, realm: "api" });
  const token = await sign();
  // Proxies write it alone; some write the scheme before it.
  for (const value of [token, `Bearer ${token}`, `bearer   ${token}`])
    assert.equal(await ask({ [name.toLowerCase()]: value }), 200, value.slice(0, 10));
  // An `Authorization` for somebody else is nothing to look at.
  assert.equal(await ask({ [name]: token, Authorization: "Basic YTpi" }), 200);
  assert.equal(seen.length, 4);
  for (const headers of [
    {},
    { Authorization: `Bearer ${token}` },
    { "Cf-Access-Jwt-Assertion-2": token },
    { Cookie: `${name}=${token}` },
  ])
    assert.equal(await ask(headers), 401, Object.keys(headers).join());
  for (const value of [
    "",
    `${token} ${token}`,
    `${token}, ${token}`,
    `${token},`,
    `"${token}"`,
    `Basic ${token}`,
    `DPoP ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `${token};a=b`,
    `${token}é`,
  ])
    assert.equal(await ask({ [name]: value }), 400, value.slice(-10));
  const twice = new Headers([
    [name, token],
    [name, token],
  ]);
  assert.equal(await ask(twice), 400);
  assert.equal(await ask({ [name]: await sign(claims({ exp: 1 })) }), 401);
  assert.equal(seen.length, 4);
  // RFC 6750 section 3 asks for this challenge however the token is sent.
  const bare = await answer(request());
  assert.equal(bare.headers.get("WWW-Authenticate"), 'Bearer realm="api"');
  const named = await door({ token: { header: "Authorization" } });
  assert.equal(await named.ask({ Authorization: `Bearer ${token}` }), 200);
});

edge("edge_M218_takes_no_scheme_without_a_token_for_a_token", async () => {
  const { ask } = await door({ token: { header: "X-Token" } });
  // The platform cuts off spaces at the end.
  for (const value of ["Bearer", "bearer ", "BEARER"])
    assert.equal(await ask({ "X-Token": value }), 400, value);
  assert.equal(await ask({ "X-Token": "bearers" }), 401);
});

edge("edge_M182_takes_the_token_of_a_cookie_that_the_policy_names", async () => {
  const name = "__Host-session";
  const { ask, seen, verifier } = await door({ token: { cookie: name } });
  const token = await sign();
  for (const value of [
    `${name}=${token}`,
    `a=1; ${name}=${token}; b=2`,
    `a=1;${name}=${token};b=2`,
    `${name}="${token}"`,
    // Others may be what they like.
    `odd; =x; prefs={"a":1, "b":2}; ${name}=${token}; c`,
    // Another name is another cookie.
    `__host-session=x; ${name}=${token}; X${name}=y; ${name}.0=z`,
  ])
    assert.equal(await ask({ Cookie: value }), 200, value.replace(token, "…"));
  assert.equal(seen.length, 6);
  for (const value of [
    "",
    "a=1",
    name,
    `__host-session=${token}`,
    `__HOST-SESSION=${token}`,
    `=${name}=${token}`,
    `a=${name}=${token}`,
    // How a cookie is cleared.
    `${name}=`,
    `${name}=""`,
    // A browser lets these pass as other names; whoever trims them away takes a forged cookie.
    `\u00a0${name}=${token}`,
    `${name}\u0085=${token}`,
    `$Version=1, ${name}=${token}`,
  ])
    assert.equal(await ask({ Cookie: value }), 401, value.replace(token, "…"));
  assert.equal(await ask({ Authorization: `Bearer ${token}` }), 401);
  for (const value of [
    `${name}=${token}; ${name}=${token}`,
    `${name}=${token}; a=1;${name}=`,
    `${name}=; ${name}=${token}`,
    `${name}=${token}, ${name}=${token}`,
    `${name}="${token}`,
    `${name}=${token}"`,
    `${name}=""${token}""`,
    `${name}=Bearer ${token}`,
    `${name}= ${token}`,
    `${name}=${token} ; a=1`,
    `${name}=${encodeURIComponent("a b")}`,
    `${name}=${token}\u00a0`,
  ])
    assert.equal(await ask({ Cookie: value }), 400, value.replaceAll(token, "…"));
  assert.equal(seen.length, 6);
  const optional = { token: { cookie: name }, optional: true } as const;
  assert.equal(await verifier.authenticate(request({ Cookie: `${name}=` }), optional), null);
  await refused(
    verifier.authenticate(request({ Cookie: `${name}=a b` }), optional),
    "request.malformed",
  );
});

edge("edge_M182_refuses_two_cookie_headers_that_both_have_the_token", async () => {
  const { ask, seen } = await door({ token: { cookie: "session" } });
  const token = await sign();
  const headers = (...values: string[]) =>
    new Headers(values.map((value) => ["Cookie", value] as [string, string]));
  for (const values of [
    [`session=${token}`, `session=${token}`],
    [`a=1; session=${token}`, `session=${token}; b=2`],
    [`session=${token}; a=1`, `b=2; session=x`],
  ])
    assert.equal(await ask(headers(...values)), 400);
  assert.equal(seen.length, 0);
});

edge("edge_M182_reads_a_huge_cookie_header_in_no_time_and_no_further_than_it_must", async () => {
  const { ask, verifier } = await door({ token: { cookie: "session" } });
  const token = await sign();
  const padding = "a=1; ".repeat(20_000);
  assert.equal(await ask({ Cookie: `${padding}session=${token}` }), 200);
  for (const huge of [
    `session=${token}; ${"x".repeat(140_000)}`,
    `session=${"x;".repeat(100_000)}`,
    `${'"'.repeat(140_000)}`,
  ])
    await refused(
      verifier.authenticate(request({ Cookie: huge }), { token: { cookie: "session" } }),
      "request.malformed",
    );
  const tooLarge = { Cookie: `session=${"x".repeat(20_000)}` };
  await refused(
    verifier.authenticate(request(tooLarge), { token: { cookie: "session" } }),
    "token.too_large",
  );
});

edge("edge_M183_takes_the_token_that_a_function_of_the_policy_finds", async () => {
  const { verifier } = await bench();
  const token = await sign();
  const ask = (find: (given: Request) => unknown, more: Policy = {}) =>
    verifier.authenticate(request({ "X-Token": token }), {
      ...more,
      token: find as (given: Request) => string | null,
    });
  assert.equal((await ask(({ headers }) => headers.get("X-Token"))).claims.sub, "alice");
  await refused(
    ask(() => null),
    "request.missing",
  );
  assert.equal(await ask(() => null, { optional: true }), null);
  for (const more of [{}, { optional: true }]) {
    const thrower = () => decodeURIComponent("%") as never;
    assert.equal((await refused(ask(thrower, more), "request.malformed")).status, 400);
    await refused(
      ask(() => "", more),
      "request.malformed",
    );
    for (const odd of [
      undefined,
      7,
      true,
      {},
      [token],
      new String(token),
      Promise.resolve(token),
      // A rejection that nobody hears would end a process of Node.
      Promise.reject(new Error("x")),
    ])
      assert.equal(
        (
          await refused(
            ask(() => odd, more),
            "config_invalid",
          )
        ).status,
        500,
      );
    await refused(
      ask(() => "a b", more),
      "token.malformed",
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
});

edge("edge_M183_refuses_a_place_that_could_not_be_meant", async () => {
  const { verifier } = await bench();
  for (const token of [
    null,
    "Cf-Access-Jwt-Assertion",
    [],
    {},
    { header: "a", cookie: "b" },
    { header: "" },
    { header: "a b" },
    { header: 7 },
    { header: undefined },
    { cookie: "a=b" },
    { cookie: "a;b" },
    { cookie: "é" },
    { Header: "a" },
    { query: "token" },
    Object.create({ cookie: "session" }),
  ]) {
    const policy = { token } as Policy;
    misconfigured(() => verifier.guard(() => new Response(), policy), JSON.stringify(token));
    await refused(verifier.authenticate(request(), policy), "config_invalid");
  }
});

edge("edge_M185_passes_preflights_where_the_policy_says_so", async () => {
  const { answer, seen, events, verifier } = await door({
    preflight: "pass",
    scopes: ["read"],
    forward: { "X-User": "sub" },
    fingerprint: () => "x",
  });
  const preflight = (more: Record<string, string> = {}, method = "OPTIONS") =>
    request(
      { Origin: "https://app.example", "Access-Control-Request-Method": "GET", ...more },
      { method },
    );
  assert.equal((await answer(preflight())).status, 200);
  assert.deepEqual(seen, [null]);
  assert.deepEqual(events, [], "no token, no event");
  // What looks like one, and is guarded.
  for (const [given, status] of [
    [request({}, { method: "OPTIONS" }), 401],
    [preflight({}, "GET"), 401],
    [preflight({}, "POST"), 401],
    [preflight({ Authorization: `Bearer ${await sign()}` }), 403],
    [preflight({ Authorization: "Bearer abc" }), 401],
    [preflight({ Authorization: "" }), 400],
    [preflight({ Authorization: "Basic x" }), 400],
  ] as const)
    assert.equal((await answer(given)).status, status);
  assert.deepEqual(seen, [null]);

  for (const policy of [{}, { preflight: "guard" }] as const)
    assert.equal((await (await door(policy)).answer(preflight())).status, 401);
  await refused(verifier.authenticate(preflight(), { preflight: "pass" }), "request.missing");
  for (const odd of ["Pass", true, null])
    misconfigured(() => verifier.guard(() => new Response(), { preflight: odd as never }));
});

edge("edge_M185_forwards_no_forged_header_of_a_preflight", async () => {
  const { verifier } = await bench();
  let forwarded: string | null = "";
  const handler = verifier.guard(
    (given) => {
      forwarded = given.headers.get("X-User");
      return new Response(null, { status: 204 });
    },
    { preflight: "pass", token: { cookie: "session" }, forward: { "X-User": "sub" } },
  );
  const headers = { "Access-Control-Request-Method": "GET", "X-User": "admin", Cookie: "a=1" };
  assert.equal((await handler(request(headers, { method: "OPTIONS" }), {}, context)).status, 204);
  assert.equal(forwarded, null);
});
