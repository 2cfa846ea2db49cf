// Groups G, H and I: time, claims, scopes.

import assert from "node:assert/strict";
import { createVerifier } from "tokenkeep/edge";
import {
  AUDIENCE,
  bench,
  claims,
  edge,
  ISSUER,
  keyPair,
  misconfigured,
  NOW,
  refused,
  sign,
  signRaw,
} from "./kit.ts";

const verify = async (
  payload: Record<string, unknown>,
  options: Parameters<typeof bench>[0] = {},
  header = {},
) => (await bench(options)).verifier.verify(await sign(payload, header));
const HEADER = '{"alg":"ES256","kid":"k1"}';
/** With a number as it is written. */
const verifyWritten = async (
  name: string,
  written: string,
  options: Parameters<typeof bench>[0] = {},
) =>
  (await bench(options)).verifier.verify(
    await signRaw(HEADER, JSON.stringify(claims({ [name]: "HERE" })).replace('"HERE"', written)),
  );

edge("edge_G55_wants_exp", async () => {
  await refused(verify(claims({ exp: undefined })), "claim.exp");
  await verify(claims({ exp: undefined }), { allowNoExpiry: true });
  await refused(verify(claims({ exp: NOW - 1 }), { allowNoExpiry: true }), "token.expired");
});

edge("edge_G56_expires_at_the_very_second", async () => {
  await refused(verify(claims({ exp: NOW })), "token.expired");
  await verify(claims({ exp: NOW + 1 }));
  await verify(claims({ exp: NOW - 9 }), { clockTolerance: 10 });
  await refused(verify(claims({ exp: NOW - 10 }), { clockTolerance: 10 }), "token.expired");
});

edge("edge_G57_takes_dates_as_finite_numbers_only", async () => {
  for (const exp of ["9999999999", null, true, [NOW + 1], {}])
    await refused(verify(claims({ exp })), "claim.exp", String(exp));
  await refused(verify(claims({ exp: -1 })), "token.expired");
  await refused(verify(claims({ exp: 0 })), "token.expired");
  await refused(verifyWritten("exp", "1e999"), "token.malformed");
  for (const written of ["1e308", "9007199254740994", "-1e300"])
    await refused(verifyWritten("exp", written), "claim.exp", written);
  await verifyWritten("exp", "9007199254740992");
  // A fraction counts as it stands.
  await verifyWritten("exp", `${NOW}.5`);
  const { verifier, clock } = await bench();
  clock.now += 500;
  await refused(verifier.verify(await sign(claims({ exp: NOW + 0.5 }))), "token.expired");
});

edge("edge_G58_waits_for_nbf", async () => {
  await refused(verify(claims({ nbf: NOW + 1 })), "token.not_yet_valid");
  await verify(claims({ nbf: NOW }));
  await verify(claims({ nbf: NOW + 10 }), { clockTolerance: 10 });
  await refused(verify(claims({ nbf: NOW + 11 }), { clockTolerance: 10 }), "token.not_yet_valid");
  for (const nbf of ["1", null, true, [1], {}]) await refused(verify(claims({ nbf })), "claim.nbf");
  await refused(verifyWritten("nbf", "1e999"), "token.malformed");
});

edge("edge_G59_bounds_the_age", async () => {
  await verify(claims({ iat: NOW + 500 }));
  await refused(verify(claims({ iat: undefined }), { maxTokenAge: 60 }), "claim.iat");
  await refused(verify(claims({ iat: NOW + 1 }), { maxTokenAge: 60 }), "claim.iat");
  await refused(verify(claims({ iat: NOW - 61 }), { maxTokenAge: 60 }), "token.expired");
  await verify(claims({ iat: NOW - 60 }), { maxTokenAge: 60 });
  await verify(claims({ iat: NOW }), { maxTokenAge: 0 });
  await refused(verify(claims({ iat: NOW - 1 }), { maxTokenAge: 0 }), "token.expired");
  for (const iat of ["1", null, true]) await refused(verify(claims({ iat })), "claim.iat");
});

edge("edge_G60_refuses_what_ends_before_it_begins", async () => {
  await refused(
    verify(claims({ nbf: NOW - 5, exp: NOW - 10 }), { clockTolerance: 60 }),
    "claim.exp",
  );
});

edge("edge_G61_decides_nothing_by_a_broken_clock", async () => {
  const token = await sign();
  for (const now of [
    0,
    Number.NaN,
    -1,
    Number.POSITIVE_INFINITY,
    1_577_836_799_999,
    "1800000000000" as unknown as number,
  ]) {
    const { verifier } = await bench({ clock: () => now });
    const error = await refused(verifier.verify(token), "clock.unavailable", String(now));
    assert.deepEqual([error.status, error.category], [503, "runtime"]);
  }
  const throwing = () => {
    throw new Error("no clock");
  };
  await refused((await bench({ clock: throwing })).verifier.verify(token), "clock.unavailable");
});

edge("edge_G62_refuses_odd_settings", async () => {
  const issuers = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/k`,
  } as const;
  for (const clockTolerance of [Number.NaN, Infinity, -1, 601, "5m", null])
    misconfigured(
      () => createVerifier({ issuers, clockTolerance: clockTolerance as number }),
      String(clockTolerance),
    );
  for (const maxTokenAge of [Number.NaN, Infinity, -1, "1h"])
    misconfigured(() => createVerifier({ issuers, maxTokenAge: maxTokenAge as number }));
  for (const maxAge of [59, 86_401, Number.NaN])
    misconfigured(() => createVerifier({ issuers, jwks: { maxAge } }));
  misconfigured(() => createVerifier({ issuers, clockTolerence: 5 } as never), "a misspelt option");
  misconfigured(() => createVerifier({ issuers: [issuers, issuers] }), "one issuer twice");
  misconfigured(() => createVerifier({ issuers: [] }));
});

edge("edge_H63_compares_the_issuer_exactly", async () => {
  for (const iss of [
    `${ISSUER}/`,
    ISSUER.toUpperCase(),
    ISSUER.replace("i", "\u0456"),
    "https://issuer%2eexample",
    `${ISSUER}\0`,
    ` ${ISSUER}`,
  ]) {
    await refused(verify(claims({ iss })), "issuer.unknown", iss);
  }
  for (const iss of [undefined, 1, [ISSUER], ["attacker", ISSUER], null, {}])
    await refused(verify(claims({ iss })), "claim.iss");
});

edge("edge_H64_keeps_issuers_apart", async () => {
  const { jwk } = await keyPair();
  const issuers = ["a", "b"].map((name) => ({
    issuer: `https://${name}.example`,
    audience: `api-${name}`,
    algorithms: ["ES256"] as const,
    jwks: { keys: [jwk] },
  }));
  const verifier = createVerifier({ issuers, clock: () => NOW * 1000 });
  await verifier.verify(await sign(claims({ iss: "https://a.example", aud: "api-a" })));
  await refused(
    verifier.verify(await sign(claims({ iss: "https://a.example", aud: "api-b" }))),
    "claim.aud",
  );
  const rsa = await keyPair("RS256", "r1");
  const keys = { jwks: { keys: [jwk, rsa.jwk] }, audience: AUDIENCE };
  const apart = createVerifier({
    issuers: [
      { ...keys, issuer: "https://a.example", algorithms: ["ES256"] },
      { ...keys, issuer: "https://b.example", algorithms: ["RS256"] },
    ],
    clock: () => NOW * 1000,
  });
  await apart.verify(await sign(claims({ iss: "https://b.example" }), {}, rsa));
  await refused(
    apart.verify(await sign(claims({ iss: "https://a.example" }), {}, rsa)),
    "alg.not_allowed",
  );
});

edge("edge_H65_asks_nothing_for_an_unknown_issuer", async () => {
  const { verifier, endpoint } = await bench();
  await refused(
    verifier.verify(await sign(claims({ iss: "https://other.example" }))),
    "issuer.unknown",
  );
  assert.equal(endpoint.fetches, 0);
  const resolved: string[] = [];
  const many = createVerifier({
    issuers: (name) => (resolved.push(name), null),
    clock: () => NOW * 1000,
    jwks: { fetch: endpoint.fetch },
  });
  await refused(many.verify(await sign()), "issuer.unknown");
  assert.deepEqual([resolved, endpoint.fetches], [[ISSUER], 0]);
});

edge("edge_H66_takes_an_audience_of_ours", async () => {
  for (const aud of [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]]) await verify(claims({ aud }));
  for (const aud of [
    "other",
    ["other"],
    [],
    [""],
    "",
    [[AUDIENCE]],
    1,
    {},
    null,
    true,
    [AUDIENCE, 1],
    [AUDIENCE, null],
    `${AUDIENCE}/`,
  ]) {
    await refused(verify(claims({ aud })), "claim.aud", JSON.stringify(aud));
  }
  await verify(claims({ aud: "b" }), { issuer: { audience: ["a", "b"] } });
  for (const audience of ["", [], [""]])
    misconfigured(() =>
      createVerifier({
        issuers: { issuer: ISSUER, audience, algorithms: ["ES256"], jwksUri: `${ISSUER}/k` },
      }),
    );
});

edge("edge_H67_wants_an_audience", async () => {
  await refused(verify(claims({ aud: undefined })), "claim.aud");
});

edge("edge_H68_wants_azp_where_an_id_token_has_several_audiences", async () => {
  const options = { profile: "id-token" } as const;
  await verify(claims(), options);
  await refused(verify(claims({ aud: [AUDIENCE, "other"] }), options), "claim.azp");
  await refused(verify(claims({ aud: [AUDIENCE, "other"], azp: "other" }), options), "claim.azp");
  await verify(claims({ aud: [AUDIENCE, "other"], azp: AUDIENCE }), options);
});

edge("edge_H69_wants_the_claims_of_RFC_9068", async () => {
  const options = { profile: "access-token" } as const;
  const good = claims({ client_id: "app" });
  const header = { typ: "at+jwt" };
  await verify(good, options, header);
  for (const name of ["sub", "client_id", "jti", "iat", "exp", "aud", "iss"])
    await refused(verify({ ...good, [name]: undefined }, options, header), `claim.${name}`);
  for (const name of ["sub", "client_id", "jti"])
    await refused(verify({ ...good, [name]: 1 }, options, header), `claim.${name}`);
  await refused(
    verify({ ...good, exp: undefined }, { ...options, allowNoExpiry: true }, header),
    "claim.exp",
  );
});

edge("edge_H70_binds_a_tenant_to_its_issuer", async () => {
  const { jwk } = await keyPair();
  const prefix = "https://login.example/";
  const tenants = ["t1", "t2"];
  const verifier = createVerifier({
    issuers: (issuer) => {
      const tid = issuer.startsWith(prefix)
        ? issuer.slice(prefix.length).replace(/\/v2\.0$/, "")
        : "";
      return tenants.includes(tid)
        ? { issuer, audience: AUDIENCE, algorithms: ["ES256"], jwks: { keys: [jwk] }, tenant: tid }
        : null;
    },
    check: ({ iss, ["tid"]: tid }) => iss === `${prefix}${String(tid)}/v2.0`,
    clock: () => NOW * 1000,
  });
  const token = (tid: string, iss: string) => sign(claims({ iss: `${prefix}${iss}/v2.0`, tid }));
  assert.equal((await verifier.verify(await token("t1", "t1"))).tenant, "t1");
  await refused(verifier.verify(await token("t2", "t1")), "claim.custom");
  await refused(verifier.verify(await token("t3", "t3")), "issuer.unknown");
});

edge("edge_H71_wants_required_claims_present_and_not_null", async () => {
  const options = { requiredClaims: ["org", "https://a.example/role"] };
  await refused(verify(claims({ org: "x" }), options), "claim.https://a.example/role");
  await refused(verify(claims({ org: null, "https://a.example/role": 1 }), options), "claim.org");
  await verify(claims({ org: false, "https://a.example/role": 0 }), options);
});

edge("edge_H72_refuses_unless_check_says_true", async () => {
  const answers = [false, undefined, 1, "true", {}, Promise.resolve(false), Promise.resolve(1)];
  for (const answer of answers)
    await refused(verify(claims(), { check: () => answer as boolean }), "claim.custom");
  const failing = [
    () => {
      throw new Error("x");
    },
    () => Promise.reject(new Error("x")),
  ];
  for (const check of failing) await refused(verify(claims(), { check }), "claim.custom");
  await verify(claims(), { check: async ({ sub }, { alg }) => sub === "alice" && alg === "ES256" });
});

edge("edge_I73_reads_scopes_roles_and_permissions", async () => {
  const scopes = async (more: Record<string, unknown>) => [...(await verify(claims(more))).scopes];
  assert.deepEqual(await scopes({ scope: "read write" }), ["read", "write"]);
  assert.deepEqual(await scopes({ scope: "  read  read write " }), ["read", "write"]);
  assert.deepEqual(await scopes({ scp: "read" }), ["read"]);
  assert.deepEqual(await scopes({ scp: ["read", "write"] }), ["read", "write"]);
  for (const odd of [{ scope: 1 }, { scp: [1] }, { scope: null, scp: "read" }, {}])
    assert.deepEqual(await scopes(odd), [], JSON.stringify(odd));
  const { roles, permissions } = await verify(claims({ roles: ["admin"], permissions: ["a:b"] }));
  assert.deepEqual([[...roles], [...permissions]], [["admin"], ["a:b"]]);
});

edge("edge_I129_reads_scopes_from_a_text_or_a_list_of_texts", async () => {
  const { verifier } = await bench();
  const auth = async (more: Record<string, unknown>) => verifier.verify(await sign(claims(more)));
  for (const name of ["scope", "scp"]) {
    for (const value of ["orders.read orders.write", ["orders.read", "orders.write"]]) {
      const { scopes } = await auth({ [name]: value });
      assert.deepEqual([...scopes], ["orders.read", "orders.write"]);
      const { status } = await verifier.guard(() => new Response("in"), {
        scopes: ["orders.read"],
      })(call(await sign(claims({ [name]: value }))), {}, { waitUntil: () => undefined });
      assert.equal(status, 200);
    }
    for (const odd of [1, true, null, {}, { "orders.read": true }, [["a"]], ["a", 1], [null]])
      assert.equal((await auth({ [name]: odd })).scopes.size, 0, JSON.stringify(odd));
    assert.equal((await auth({ [name]: [] })).scopes.size, 0);
  }
});

const call = (token: string) =>
  new Request("https://api.example/x", { headers: { Authorization: `Bearer ${token}` } });

edge("edge_I74_wants_all_scopes_or_one_of_them", async () => {
  const { verifier } = await bench();
  const may = async (scope: unknown, policy: Parameters<typeof verifier.authenticate>[1]) =>
    verifier.authenticate(call(await sign(claims({ scope }))), policy);
  await may("a b c", { scopes: ["a", "b"] });
  await may("b", { anyScope: ["a", "b"] });
  for (const [scope, policy] of [
    ["a", { scopes: ["a", "b"] }],
    ["read:all", { scopes: ["read"] }],
    ["read", { scopes: ["read:all"] }],
    [undefined, { scopes: ["a"] }],
    [7, { scopes: ["7"] }],
    ["c", { anyScope: ["a", "b"] }],
    ["a", { anyScope: [] }],
  ] as const) {
    const error = await refused(may(scope, policy), "policy.scope", String(scope));
    assert.equal(error.status, 403);
  }
  const error = await refused(may("a", { scopes: ["a", "b"] }), "policy.scope");
  assert.match(
    error.challenge({ scopes: ["a", "b"] }) ?? "",
    /error="insufficient_scope".*scope="a b"/,
  );
});

edge("edge_I74_wants_roles_permissions_and_tenant", async () => {
  const { verifier } = await bench({ issuer: { tenant: "t1" } });
  const token = await sign(claims({ roles: ["editor"], permissions: ["posts:read"] }));
  const roleMap = { editor: ["posts:write"], __proto__: null } as unknown as Record<
    string,
    string[]
  >;
  const auth = await verifier.authenticate(call(token), {
    roles: ["admin", "editor"],
    permissions: ["posts:read", "posts:write"],
    roleMap,
    tenant: "t1",
  });
  assert.deepEqual([...auth.permissions], ["posts:read", "posts:write"]);
  await refused(verifier.authenticate(call(token), { roles: ["admin"] }), "policy.role");
  await refused(
    verifier.authenticate(call(token), { permissions: ["posts:write"] }),
    "policy.permission",
  );
  await refused(verifier.authenticate(call(token), { tenant: "t2" }), "policy.tenant");
  const odd = await sign(claims({ roles: ["toString", "constructor"] }));
  await refused(
    verifier.authenticate(call(odd), { permissions: ["x"], roleMap: { editor: ["x"] } }),
    "policy.permission",
  );
  const misspelt = { scope: ["admin"] } as never;
  await refused(verifier.authenticate(call(token), misspelt), "config_invalid");
});
