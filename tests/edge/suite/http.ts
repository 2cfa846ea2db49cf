// Group M: requests and their answers.

import assert from "node:assert/strict";
import type { Policy, Verified } from "tokenkeep/edge";
import {
  bench,
  claims,
  edge,
  ISSUER,
  keyPair,
  misconfigured,
  NOW,
  refusal,
  refused,
  sign,
  signRaw,
} from "./kit.ts";

const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
const request = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
  new Request("https://api.example/x?access_token=abc", { ...init, headers });
const bearer = (token: string, more: Record<string, string> = {}) => ({
  Authorization: `Bearer ${token}`,
  ...more,
});
const REALM = { realm: "api" };

async function door(policy: Policy = REALM, options: Parameters<typeof bench>[0] = {}) {
  const { verifier, endpoint } = await bench(options);
  const seen: { request: Request; auth: Verified | null }[] = [];
  const handler = verifier.guard(
    (admitted: Request, _env: unknown, _ctx: unknown, auth: Verified) => {
      seen.push({ request: admitted, auth });
      return new Response("in");
    },
    policy,
  );
  return { ask: (given: Request) => handler(given, {}, context), seen, endpoint };
}

edge("edge_M102_answers_no_token_with_a_bare_challenge", async () => {
  const { ask } = await door();
  const response = await ask(request());
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("WWW-Authenticate"), 'Bearer realm="api"');
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.equal((await (await door({})).ask(request())).headers.get("WWW-Authenticate"), "Bearer");
});

edge("edge_M103_answers_400_to_what_is_no_bearer_token", async () => {
  const { ask, seen } = await door();
  const token = await sign();
  for (const value of [
    "Basic YTpi",
    "DPoP abc",
    "Bearer",
    "Bearer ",
    `Bearer ${token} ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `${token}`,
    `Bearer,${token}`,
    `Bearer "${token}"`,
  ]) {
    const response = await ask(request({ Authorization: value }));
    assert.equal(response.status, 400, value);
    assert.match(response.headers.get("WWW-Authenticate") ?? "", /error="invalid_request"/);
  }
  const twice = new Headers({ Authorization: `Bearer ${token}` });
  twice.append("Authorization", `Bearer ${token}`);
  assert.equal((await ask(new Request("https://api.example", { headers: twice }))).status, 400);
  assert.equal(seen.length, 0);
});

edge("edge_M104_takes_the_scheme_in_any_case", async () => {
  const { ask } = await door();
  const token = await sign();
  for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
    assert.equal((await ask(request({ Authorization: scheme + token }))).status, 200, scheme);
  for (const odd of [`Bearer\t${token}`, `Bearer ${token}!`, `Bearer ${token}é`])
    assert.equal((await ask(request({ Authorization: odd }))).status, 400);
});

edge("edge_M105_takes_no_token_from_the_address_or_a_cookie", async () => {
  const { ask } = await door();
  const token = await sign();
  assert.equal(
    (
      await ask(
        new Request(`https://api.example/x?access_token=${token}`, {
          headers: { Cookie: `access_token=${token}` },
        }),
      )
    ).status,
    401,
  );
});

edge("edge_M106_tells_a_client_nothing_about_a_bad_token", async () => {
  const { ask } = await door();
  const answers = [];
  for (const token of [
    "abc",
    await sign(claims({ exp: 1 })),
    await sign(claims({ aud: 'x"\r\nSet-Cookie: a=b' })),
    `${(await sign()).slice(0, -4)}AAAA`,
  ]) {
    const response = await ask(request(bearer(token)));
    answers.push([
      response.status,
      response.headers.get("WWW-Authenticate"),
      await response.text(),
    ]);
  }
  const expected = [
    401,
    'Bearer realm="api", error="invalid_token", error_description="The access token is not valid."',
    '{"error":"invalid_token"}',
  ];
  assert.deepEqual(answers, [expected, expected, expected, expected]);
  const quoting = await (await door({ realm: 'a"b\\c\r\nd\u00e9' })).ask(request());
  assert.equal(quoting.headers.get("WWW-Authenticate"), 'Bearer realm="a\\"b\\\\cd"');
});

edge("edge_M107_names_the_scopes_that_are_missing", async () => {
  const { ask } = await door({ ...REALM, scopes: ["a", "b"] });
  const response = await ask(request(bearer(await sign(claims({ scope: "a" })))));
  assert.equal(response.status, 403);
  assert.match(
    response.headers.get("WWW-Authenticate") ?? "",
    /error="insufficient_scope".*, scope="a b"/,
  );
  assert.deepEqual(await response.json(), { error: "insufficient_scope" });
});

edge("edge_M133_names_the_scopes_of_the_policy_in_every_challenge", async () => {
  for (const [policy, named] of [
    [{ scopes: ["a", "b"] }, 'scope="a b"'],
    [{ anyScope: ["c", "d"] }, 'scope="c d"'],
    [{ scopes: ["a"], anyScope: ["a", "c"] }, 'scope="a c"'],
  ] as const) {
    const { ask } = await door(policy);
    for (const [headers, status] of [
      [{}, 401],
      [{ Authorization: "Basic x" }, 400],
      [bearer("abc"), 401],
      [bearer(await sign(claims({ exp: 1 }))), 401],
      [bearer(await sign()), 403],
    ] as const) {
      const response = await ask(request(headers as Record<string, string>));
      assert.equal(response.status, status);
      assert.ok(response.headers.get("WWW-Authenticate")?.endsWith(named), `${status} ${named}`);
    }
    const bare = await ask(request());
    assert.equal(bare.headers.get("WWW-Authenticate"), `Bearer ${named}`);
  }
  const { ask } = await door({ acr: ["gold"], scopes: ["a"] });
  const answer = await ask(request(bearer(await sign(claims({ scope: "a" })))));
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get("WWW-Authenticate") ?? "", /scope="a", acr_values="gold"/);
});

edge("edge_M108_answers_503_when_it_can_not_tell", async () => {
  const { ask, endpoint } = await door();
  endpoint.answer = () => new Response(null, { status: 500 });
  const response = await ask(request(bearer(await sign())));
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("WWW-Authenticate"), null);
  assert.match(response.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
  assert.deepEqual(await response.json(), { error: "temporarily_unavailable" });
  const malformed = await ask(request(bearer("a.b.c")));
  assert.equal(malformed.status, 401, "a bad token never looks like an outage");
});

edge("edge_M109_asks_for_a_stronger_login", async () => {
  const { ask } = await door({ ...REALM, acr: ["gold", "silver"], maxAge: 300 });
  const good = { acr: "silver", auth_time: NOW - 300 };
  assert.equal((await ask(request(bearer(await sign(claims(good)))))).status, 200);
  for (const more of [
    { ...good, acr: undefined },
    { ...good, acr: "bronze" },
    { ...good, acr: ["gold"] },
    { ...good, auth_time: undefined },
    { ...good, auth_time: NOW - 301 },
    { ...good, auth_time: "x" },
    { ...good, auth_time: NOW + 60 },
  ]) {
    const response = await ask(request(bearer(await sign(claims(more)))));
    assert.equal(response.status, 401, JSON.stringify(more));
    const challenge = response.headers.get("WWW-Authenticate") ?? "";
    assert.match(challenge, /error="insufficient_user_authentication"/);
    assert.match(challenge, /acr_values="gold silver", max_age="300"/);
  }
});

edge("edge_M358_asks_for_a_whole_number_of_seconds", async () => {
  for (const [maxAge, seconds] of [
    [0, "0"],
    [0.5, "0"],
    [90.9, "90"],
    [1e21, "9007199254740991"],
    [Number.POSITIVE_INFINITY, "9007199254740991"],
  ] as const) {
    const { ask } = await door({ maxAge });
    const answer = await ask(request(bearer(await sign())));
    const challenge = answer.headers.get("WWW-Authenticate") ?? "";
    assert.ok(challenge.endsWith(`max_age="${seconds}"`), challenge);
  }
});

edge("edge_M110_points_to_the_resource_metadata_in_every_challenge", async () => {
  const resourceMetadata = "https://api.example/.well-known/oauth-protected-resource";
  const { ask } = await door({ resourceMetadata, scopes: ["a"] });
  for (const headers of [{}, bearer("abc"), bearer(await sign()), { Authorization: "Basic x" }]) {
    const response = await ask(request(headers as Record<string, string>));
    assert.ok(
      response.headers.get("WWW-Authenticate")?.includes(`resource_metadata="${resourceMetadata}"`),
      String(response.status),
    );
  }
});

edge("edge_M111_lets_no_refusal_be_stored", async () => {
  const { ask } = await door({ scopes: ["a"] });
  for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
    for (const headers of [{}, bearer("abc"), bearer(await sign())]) {
      const response = await ask(request(headers as Record<string, string>, { method }));
      assert.ok(response.status === 401 || response.status === 403);
      assert.equal(response.headers.get("Cache-Control"), "no-store");
    }
  }
});

edge("edge_M112_hands_on_what_the_token_says_and_nothing_that_the_caller_wrote", async () => {
  const forward = {
    "X-User": "sub",
    "X-Role": ["realm_access", "role"],
    "X-Level": "level",
    "X-Odd": "odd",
    "X-List": "list",
    "X-Inherited": "constructor",
    "X-Absent": "absent",
  };
  const forged = Object.fromEntries(
    Object.keys(forward).map((name) => [name.toLowerCase(), "admin"]),
  );
  const { ask, seen } = await door({ forward });
  const token = await sign(
    claims({ realm_access: { role: "editor" }, level: 7, odd: "a\r\nX-User: admin", list: ["a"] }),
  );
  assert.equal((await ask(request(bearer(token, { ...forged, "x-user": "mallory" })))).status, 200);
  const headers = seen[0]?.request.headers;
  assert.deepEqual(
    Object.keys(forward).map((name) => headers?.get(name)),
    ["alice", "editor", "7", null, null, null, null],
  );
  const { verifier } = await bench();
  misconfigured(() =>
    verifier.guard(() => new Response(null), { forward: { "no header": "sub" } }),
  );
});

edge("edge_M112_never_throws_for_the_sake_of_a_token", async () => {
  const thrower = () => {
    throw new Error("x");
  };
  const options = [
    { check: thrower },
    { clock: thrower },
    { revocation: { isRevoked: thrower } },
    { onEvent: thrower },
    { jwks: { fetch: thrower as never } },
  ];
  for (const option of options) {
    const { ask } = await door(REALM, option);
    for (const headers of [{}, bearer("\u00ff"), bearer(await sign())]) {
      const response = await ask(request(headers as Record<string, string>)).catch(() =>
        assert.fail("it threw"),
      );
      assert.ok([200, 400, 401, 503].includes(response.status));
    }
  }
});

edge("edge_M113_lets_nobody_in_with_a_bad_token_where_none_is_needed", async () => {
  const { ask, seen } = await door({ optional: true, forward: { "X-User": "sub" } });
  assert.equal((await ask(request({ "X-User": "admin" }))).status, 200);
  assert.deepEqual([seen[0]?.auth, seen[0]?.request.headers.get("X-User")], [null, null]);
  assert.equal((await ask(request(bearer(await sign())))).status, 200);
  assert.equal(seen[1]?.auth?.claims.sub, "alice");
  assert.equal((await ask(request(bearer(await sign(claims({ exp: 1 })))))).status, 401);
  assert.equal((await ask(request({ Authorization: "Basic x" }))).status, 400);
});

edge("edge_M_binds_a_token_to_its_request", async () => {
  const { verifier } = await bench();
  const token = await sign(claims({ fingerprint: "abc" }));
  const ask = (fingerprint: () => unknown, given = token) =>
    verifier.authenticate(request(bearer(given)), { fingerprint: fingerprint as () => string });
  await ask(() => "abc");
  await ask(async () => "abc");
  for (const wrong of [
    () => "abd",
    () => "",
    () => undefined,
    () => Promise.reject(new Error("x")),
  ])
    await refused(ask(wrong), "policy.fingerprint");
  for (const odd of [undefined, "", 1])
    await refused(
      ask(() => odd, await sign(claims({ fingerprint: odd }))),
      "policy.fingerprint",
    );
});

edge("edge_M_explains_every_check", async () => {
  const { verifier } = await bench({ requiredClaims: ["org"] });
  const findings = await verifier.explain(await sign(claims({ exp: 1, aud: "other" })));
  const failed = findings.filter(({ ok }) => !ok).map(({ check, detail }) => [check, detail]);
  assert.deepEqual(failed, [
    ["audience", "claim.aud"],
    ["time", "token.expired"],
    ["required claims", "claim.org"],
  ]);
  assert.ok(findings.some(({ check, ok }) => check === "signature" && ok));
  assert.deepEqual(await verifier.explain("abc"), [
    { check: "shape and header", ok: false, detail: "token.malformed" },
  ]);
  const good = await verifier.explain(await sign(claims({ org: 1 })));
  assert.ok(good.every(({ ok }) => ok) && good.length > 10);
});

edge("edge_M127_explains_every_refusal", async () => {
  const resolver = () => null;
  const last = async (
    token: string,
    options: Parameters<typeof bench>[0] & { issuers?: unknown } = {},
  ) => {
    const { verifier } = await bench(options as Parameters<typeof bench>[0]);
    const findings = await verifier.explain(token);
    const failed = findings.filter(({ ok }) => !ok).map(({ check, detail }) => [check, detail]);
    // What refuses the token is what the explanation says.
    const error = await refusal(verifier.verify(token));
    assert.ok(
      failed.some(([, detail]) => detail === error.code),
      `${failed} ${error.code}`,
    );
    return failed;
  };
  const unnamed = [["issuer is known", "claim.iss"]];
  for (const options of [{}, { issuers: resolver }]) {
    for (const iss of ["", undefined, 7, null, ["x"], {}])
      assert.deepEqual(await last(await sign(claims({ iss })), options), unnamed, String(iss));
    assert.deepEqual(await last(await sign(claims({ iss: "https://other.example" })), options), [
      ["issuer is known", "issuer.unknown"],
    ]);
  }
  const failing = () => Promise.reject(new Error("the database is down"));
  assert.deepEqual(await last(await sign(), { issuers: failing }), [
    ["issuer is known", "issuer.unavailable"],
  ]);
  assert.deepEqual(await last(await sign(), { clock: () => 0 }), [["clock", "clock.unavailable"]]);
  for (const [token, code] of [
    ["", "token.malformed"],
    ["x".repeat(20_000), "token.too_large"],
    ["a.b.c.d.e", "token.encrypted_unsupported"],
    [await signRaw('{"alg":"ES256","kid":"k1"}', "[]"), "token.malformed"],
    [await sign(claims(), { typ: "logout+jwt" }), "header.typ"],
    [await sign(claims(), {}, await keyPair("RS256", "r1")), "alg.not_allowed"],
    [7 as unknown as string, "token.malformed"],
  ] as const)
    assert.deepEqual(await last(token), [["shape and header", code]]);
  assert.deepEqual(await last(await sign(claims(), { kid: "k9" })), [["key", "key.unknown"]]);
  const revocation = { isRevoked: () => true };
  assert.deepEqual(await last(await sign(), { revocation }), [
    ["revocation and check", "token.revoked"],
  ]);
});

edge("edge_M111_shows_everything_as_JSON", async () => {
  const { verifier } = await bench();
  const auth = await verifier.verify(await sign(claims({ scope: "read write", roles: ["user"] })));
  const shown = JSON.parse(JSON.stringify(auth)) as Record<string, unknown>;
  assert.deepEqual(Object.keys(shown).sort(), [
    "actors",
    "cached",
    "claims",
    "header",
    "issuer",
    "key",
    "keys",
    "permissions",
    "roles",
    "scopes",
    "tenant",
  ]);
  assert.deepEqual(
    [shown["scopes"], shown["roles"], shown["issuer"]],
    [["read", "write"], ["user"], ISSUER],
  );
  assert.deepEqual(shown["claims"], auth.claims);
});
