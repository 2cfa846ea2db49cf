// Groups B, D, H, I, L and M: what an issuer's own options say of its tokens. Its secrets are in
// secrets.ts.

import assert from "node:assert/strict";
import { SignJWT } from "jose";
import {
  auditOf,
  createVerifier,
  type IssuerOptions,
  type RevocationSubject,
  type Verified,
  type Verifier,
} from "tokenkeep/edge";
import {
  AUDIENCE,
  base64url,
  bench,
  claims,
  edge,
  ISSUER,
  keyPair,
  misconfigured,
  NOW,
  refused,
  sign,
  signatureOf,
  signRaw,
} from "./kit.ts";

type Options = Parameters<typeof bench>[0];

/** What the usual verifier makes of a token by an issuer with these options. */
const verify = async (issuer: Partial<IssuerOptions>, token: string, more: Options = {}) =>
  (await bench({ issuer, ...more })).verifier.verify(token);
const signed = (more: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  sign(claims(more), header);
const make = (issuer: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/k`,
      ...issuer,
    } as IssuerOptions,
    ...more,
  });
const call = (token: string) =>
  new Request("https://api.example/x", { headers: { Authorization: `Bearer ${token}` } });
const SECRET = new Uint8Array(32).fill(7);

edge("edge_H140_looks_at_no_audience_where_something_else_says_whose_token_it_is", async () => {
  const byClaim = { audience: null, claims: { client_id: "app" } };
  for (const aud of [undefined, "other", ["x", 1], {}, 7, null])
    await verify(byClaim, await signed({ aud, client_id: "app" }));
  await refused(verify(byClaim, await signed({ client_id: "other" })), "claim.client_id");
  await refused(verify(byClaim, await signed({})), "claim.client_id");
  const check = ({ sub }: { sub?: string }) => sub === "alice";
  await verify({ audience: null, check }, await signed({ aud: undefined }));
  await verify({ audience: null }, await signed({ aud: undefined }), { check });
  await refused(verify({ audience: null, check }, await signed({ sub: "eve" })), "claim.custom");
  misconfigured(() => make({ audience: null }));
  misconfigured(() => make({ audience: null, claims: {} }));
  misconfigured(() => make({ audience: undefined, claims: { client_id: "app" } }));
  const several = await sign(claims({ aud: ["a", "b"], client_id: "app", azp: "c" }));
  await verify({ ...byClaim, profile: "id-token" }, several);
});

edge("edge_H141_wants_claims_to_be_or_to_hold_one_of_the_values", async () => {
  const issuer = { claims: { token_use: "access", groups: ["staff", "admin"] } };
  const good = { token_use: "access", groups: "staff" };
  for (const groups of ["staff", "admin", ["admin"], ["x", "staff"], ["staff", 7, null]])
    await verify(issuer, await signed({ ...good, groups }));
  for (const token_use of ["id", "Access", "access ", "acces", "accessx", "", undefined, null, 1])
    await refused(
      verify(issuer, await signed({ ...good, token_use })),
      "claim.token_use",
      String(token_use),
    );
  for (const groups of [
    [],
    ["Staff"],
    [["staff"]],
    [{ staff: true }],
    { staff: true },
    { 0: "staff" },
    "staff admin",
    "staff,admin",
    true,
  ])
    await refused(
      verify(issuer, await signed({ ...good, groups })),
      "claim.groups",
      JSON.stringify(groups),
    );
  // A name with an escape in it is the same name, and the first that is not met is told.
  const escaped = JSON.stringify(claims(good)).replace("token_use", "token\\u005fuse");
  await verify(issuer, await signRaw('{"alg":"ES256","kid":"k1"}', escaped));
  await refused(verify(issuer, await signed({ groups: "x" })), "claim.token_use");
  // Registered claims can be asked about too.
  await verify({ claims: { sub: ["alice", "bob"] } }, await signed({}));
  await refused(verify({ claims: { sub: "bob" } }, await signed({})), "claim.sub");
  // A claim's name that an object would inherit is a name like any other.
  const odd = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
  const payload = `{"__proto__":"x","constructor":"y",${JSON.stringify(claims()).slice(1)}`;
  await verify({ claims: odd }, await signRaw('{"alg":"ES256","kid":"k1"}', payload));
  await refused(verify({ claims: odd }, await signed({})), "claim.__proto__");
});

edge("edge_I142_finds_scopes_roles_and_permissions_where_the_issuer_writes_them", async () => {
  const sets = async (
    claimPaths: NonNullable<IssuerOptions["claimPaths"]>,
    more: Record<string, unknown>,
  ) => {
    const auth = await verify({ claimPaths }, await signed(more));
    const lists = [auth.scopes, auth.roles, auth.permissions].map((set) => [...set]);
    // What is remembered says the same.
    assert.deepEqual((JSON.parse(JSON.stringify(auth)) as { roles: string[] }).roles, lists[1]);
    return lists;
  };
  const keycloak = {
    realm_access: { roles: ["user"] },
    resource_access: { orders: { roles: ["admin", "user"] } },
  };
  const paths = [
    ["realm_access", "roles"],
    ["resource_access", "orders", "roles"],
  ];
  assert.deepEqual(await sets({ roles: paths }, keycloak), [[], ["user", "admin"], []]);
  assert.deepEqual(await sets({ roles: paths[0]! }, keycloak), [[], ["user"], []]);
  const named = { "https://example.com/roles": ["a"], "cognito:groups": ["b"], scopes: "x  y" };
  assert.deepEqual(
    await sets(
      { roles: "https://example.com/roles", permissions: "cognito:groups", scopes: "scopes" },
      named,
    ),
    [["x", "y"], ["a"], ["b"]],
  );
  // Zitadel writes an object.
  const zitadel = { "urn:zitadel:iam:org:project:roles": { admin: { 1: "a.example" }, user: {} } };
  assert.deepEqual(await sets({ roles: "urn:zitadel:iam:org:project:roles" }, zitadel), [
    [],
    ["admin", "user"],
    [],
  ]);
  for (const odd of [1, null, true, ["a", 1], [["a"]], undefined, ""])
    assert.deepEqual(await sets({ roles: ["a", "b"] }, { a: { b: odd } }), [[], [], []]);
  // Nothing is found where it is usually, nor through a prototype, nor in a text.
  assert.deepEqual(await sets({ roles: "groups" }, { roles: ["admin"] }), [[], [], []]);
  assert.deepEqual(await sets({ roles: ["constructor", "name"] }, {}), [[], [], []]);
  assert.deepEqual(await sets({ roles: ["sub", "length"] }, {}), [[], [], []]);
  const { verifier } = await bench({ issuer: { claimPaths: { roles: "groups" } } });
  const token = await signed({ groups: "staff admin" });
  await verifier.authenticate(call(token), { roles: ["admin"] });
  await verifier.authenticate(call(token), { permissions: ["p"], roleMap: { staff: ["p"] } });
  await refused(verifier.authenticate(call(token), { roles: ["staff admin"] }), "policy.role");
});

edge("edge_I143_finds_acr_sid_and_jti_where_the_issuer_writes_them", async () => {
  const asked: RevocationSubject[] = [];
  const revocation = { isRevoked: (subject: RevocationSubject) => (asked.push(subject), false) };
  const { verifier } = await bench({
    issuer: { claimPaths: { acr: "amr", sid: [["session", "id"], ["sid"]], jti: "uti" } },
    revocation,
  });
  const may = async (more: Record<string, unknown>, acr = ["mfa"]) =>
    verifier.authenticate(call(await signed(more)), { acr });
  await may({ amr: ["pwd", "mfa"] });
  await may({ amr: "pwd mfa" });
  for (const more of [{ amr: ["pwd"] }, { acr: "mfa" }, { amr: "mfa2" }, { amr: ["mfa", 1] }, {}])
    await refused(may(more), "policy.step_up", JSON.stringify(more));
  // For a policy alone too, whoever made what it is asked about.
  const auth = await verifier.verify(await signed({ amr: ["mfa"] }));
  await verifier.authorize(auth, { acr: ["mfa"] });
  await verifier.authorize(JSON.parse(JSON.stringify(auth)) as Verified, { acr: ["mfa"] });
  await refused(verifier.authorize(auth, { acr: ["hwk"] }), "policy.step_up");
  asked.length = 0;
  await verifier.verify(await signed({ uti: "u1", session: { id: "s1" }, sid: "s2" }));
  await verifier.verify(await signed({ sid: "s2" }));
  const usual = { issuer: ISSUER, sub: "alice", iat: NOW };
  assert.deepEqual(asked, [
    { ...usual, jti: "u1", sid: "s1" },
    { ...usual, jti: null, sid: "s2" },
  ]);
  // A revocation of what is no text would never be found.
  for (const odd of [1, null, ["u1"], {}, true]) {
    await refused(verifier.verify(await signed({ uti: odd })), "claim.jti");
    await refused(verifier.verify(await signed({ session: { id: odd } })), "claim.sid");
  }
  // Where no revocation is asked, a log can still be written.
  const logged = await bench({ issuer: { claimPaths: { sid: "session", jti: "uti" } } });
  for (const [more, tokenId, session] of [
    [{ uti: "u1", session: "s1" }, "u1", "s1"],
    [{ uti: 1, session: {} }, null, null],
    [{}, null, null],
  ] as const) {
    const record = auditOf(await logged.verifier.verify(await signed(more)));
    assert.deepEqual([record.tokenId, record.session], [tokenId, session]);
  }
});

edge("edge_H144_judges_each_issuer_by_its_own_profile_claims_age_and_check", async () => {
  const { jwk } = await keyPair();
  const issuers = ["plain", "strict", "aged", "checked"].map((name) => ({
    issuer: `https://${name}.example`,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwks: { keys: [jwk] },
    ...(name === "strict" && { profile: "access-token" as const, requiredClaims: ["org"] }),
    ...(name === "aged" && { maxTokenAge: 60, requiredClaims: [] }),
    ...(name === "checked" && { check: ({ sub }: { sub?: string }) => sub === "bob" }),
  }));
  const usual = { requiredClaims: ["tenant"], check: ({ sub }: { sub?: string }) => sub !== "eve" };
  const resolver = (name: string) => issuers.find(({ issuer }) => issuer === name) ?? null;
  for (const given of [issuers, resolver]) {
    const verifier = createVerifier({ issuers: given, clock: () => NOW * 1000, ...usual });
    const of = async (name: string, more: Record<string, unknown>, header = {}) =>
      verifier.verify(await signed({ iss: `https://${name}.example`, ...more }, header));
    // Twice: what is remembered is judged by the same rules.
    for (const round of [1, 2]) {
      await of("plain", { tenant: "t", round });
      await refused(of("plain", { round }), "claim.tenant");
      await refused(of("plain", { tenant: "t", sub: "eve" }), "claim.custom");
      await of("strict", { org: "o", client_id: "c" }, { typ: "at+jwt" });
      await refused(of("strict", { org: "o", client_id: "c" }), "header.typ");
      await refused(of("strict", { client_id: "c" }, { typ: "at+jwt" }), "claim.org");
      await refused(of("strict", { org: "o" }, { typ: "at+jwt" }), "claim.client_id");
      await of("aged", { iat: NOW - 60 });
      await refused(of("aged", { iat: NOW - 99, exp: NOW + 99 }), "token.expired");
      await of("plain", { tenant: "t", iat: NOW - 99 });
      await of("checked", { tenant: "t", sub: "bob" });
      await refused(of("checked", { tenant: "t" }), "claim.custom");
    }
  }
});

edge("edge_D145_takes_the_types_of_an_issuer_and_no_others", async () => {
  const types = ["JOSE", "application/secevent+jwt"];
  for (const typ of [
    "JOSE",
    "jose",
    "application/jose",
    "secevent+jwt",
    "Application/SecEvent+JWT",
  ])
    await verify({ types }, await signed({}, { typ }));
  for (const typ of [undefined, "JWT", "at+jwt", "", "jos", "joses", "x/jose", "logout+jwt"])
    await refused(verify({ types }, await signed({}, { typ })), "header.typ", String(typ));
  for (const typ of [1, null, ["JOSE"]])
    await refused(
      verify(
        { types },
        await signRaw(JSON.stringify({ alg: "ES256", kid: "k1", typ }), JSON.stringify(claims())),
      ),
      "header.typ",
    );
  // Under a header that is known, and of an issuer beside it.
  const { jwk } = await keyPair();
  const issuers = ["a", "b"].map((name) => ({
    issuer: `https://${name}.example`,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwks: { keys: [jwk] },
    ...(name === "a" && { types: ["JOSE"] }),
  }));
  for (const given of [issuers, [...issuers].reverse()]) {
    const verifier = createVerifier({ issuers: given, clock: () => NOW * 1000 });
    for (const jti of ["1", "2"]) {
      const of = async (name: string, typ: string) =>
        verifier.verify(await signed({ iss: `https://${name}.example`, jti }, { typ }));
      await of("a", "JOSE");
      await of("b", "JWT");
      await refused(of("b", "JOSE"), "header.typ");
      await refused(of("a", "JWT"), "header.typ");
    }
  }
  for (const odd of [
    [],
    [""],
    ["logout+jwt"],
    ["JWT", "Logout+JWT"],
    ["application/logout+jwt"],
    ["logout+jwt; charset=utf-8"],
    "JWT",
    null,
  ])
    misconfigured(() => make({ types: odd }), JSON.stringify(odd));
});

/** A token with padding, as an AWS load balancer writes it. Each part has some. */
async function padded(more: Record<string, unknown> = {}): Promise<string> {
  const { privateKey } = await keyPair();
  const pad = (part: string) => part + "=".repeat(-part.length & 3);
  const written = (value: unknown) => {
    let json = JSON.stringify(value);
    while (json.length % 3 === 0) json += " ";
    return pad(base64url(json));
  };
  const input = `${written({ alg: "ES256", kid: "k1", typ: "JWT" })}.${written(claims(more))}`;
  return `${input}.${pad(await signatureOf(input, privateKey))}`;
}

edge("edge_B146_takes_padding_by_an_issuer_that_is_known_for_it", async () => {
  const token = await padded();
  assert.match(token, /=\..*=\..*=$/);
  const tolerate = ["padding"] as const;
  const { verifier } = await bench({ issuer: { tolerate } });
  for (const cached of [false, true, true])
    assert.equal((await verifier.verify(token)).cached, cached);
  await verifier.verify(await padded({ jti: "t2" }));
  await verifier.verify(await sign());
  // The padding was signed: without it, it is another token.
  await refused(verifier.verify(token.replace("=.", ".")), "signature.invalid");
  for (const odd of [`${token}=`, `${token}====`, token.slice(0, -1), token.replace("=.", "==.")])
    await refused(verifier.verify(odd), "token.malformed", odd.slice(-4));
  await refused(verify({}, token), "token.malformed");
  // Beside an issuer that pads, and among those of a resolver.
  const { jwk } = await keyPair();
  const issuers = ["https://padding.example", ISSUER].map((issuer, place) => ({
    issuer,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwks: { keys: [jwk] },
    ...(place === 0 && { tolerate }),
  }));
  const resolver = (name: string) => issuers.find(({ issuer }) => issuer === name) ?? null;
  for (const given of [issuers, [...issuers].reverse(), resolver]) {
    const verifier = createVerifier({ issuers: given, clock: () => NOW * 1000 });
    for (const jti of ["1", "2"]) {
      await verifier.verify(await padded({ iss: "https://padding.example", jti }));
      await refused(verifier.verify(await padded({ jti })), "token.malformed");
      await verifier.verify(await signed({ jti }));
    }
  }
});

edge("edge_M340_takes_a_padded_token_after_bearer_where_an_issuer_pads", async () => {
  const token = await padded();
  const ask = async (verifier: Verifier, value: string) => {
    const headers = { Authorization: value };
    const handler = verifier.guard(() => new Response("in"));
    return (await handler(new Request(AUDIENCE, { headers }), {}, { waitUntil() {} })).status;
  };
  const { verifier } = await bench({ issuer: { tolerate: ["padding"] }, dpop: {} });
  for (const value of [`Bearer ${token}`, `bearer  ${token}`, `Bearer ${await sign()}`])
    assert.equal(await ask(verifier, value), 200, value.slice(0, 10));
  for (const value of ["Bearer a=b", `Bearer ${token}, ${token}`, `Bearer ${token}==`, "Bearer ="])
    assert.equal(await ask(verifier, value), 400, value.slice(0, 10));
  assert.equal(await ask((await bench()).verifier, `Bearer ${token}`), 400);
});

edge("edge_H147_takes_numbers_for_sub_and_jti_by_an_issuer_that_is_known_for_them", async () => {
  const asked: RevocationSubject[] = [];
  const revocation = { isRevoked: (subject: RevocationSubject) => (asked.push(subject), false) };
  const both = ["numeric-sub", "numeric-jti"] as const;
  const token = await signed({ sub: 7, jti: 123456789012345 });
  const auth = await verify({ tolerate: both }, token, { revocation });
  assert.deepEqual([auth.claims.sub, auth.claims.jti], [7, 123456789012345]);
  assert.deepEqual(asked, [
    { issuer: ISSUER, sub: "7", jti: "123456789012345", sid: null, iat: NOW },
  ]);
  await verify({ tolerate: both }, await signed({}));
  await refused(verify({ tolerate: ["numeric-jti"] }, token), "claim.sub");
  await refused(verify({ tolerate: ["numeric-sub"] }, token), "claim.jti");
  await refused(verify({ tolerate: ["padding"] }, token), "claim.sub");
  for (const name of ["sub", "jti"]) {
    // JavaScript would write each of these as the text of another one.
    for (const written of ["1e3", "1.5", "1.0", "-0", "-1", "1234567890123456", "9007199254740993"])
      await refused(
        verify(
          { tolerate: both },
          await signRaw(
            '{"alg":"ES256","kid":"k1"}',
            JSON.stringify(claims({ [name]: "HERE" })).replace('"HERE"', written),
          ),
        ),
        `claim.${name}`,
        written,
      );
    for (const odd of [null, true, ["a"], {}])
      await refused(verify({ tolerate: both }, await signed({ [name]: odd })), `claim.${name}`);
  }
  await refused(verify({ tolerate: both }, await signed({ sid: 1 })), "claim.sid");
  misconfigured(() => make({ tolerate: ["numeric-sid"] }));
  misconfigured(() => make({ tolerate: "padding" }));
  misconfigured(() => make({ tolerate: null }));
});

edge("edge_M152_explains_and_tells_what_an_issuers_own_options_refuse", async () => {
  const issuer = {
    types: ["JWT"],
    claims: { token_use: "access" },
    algorithms: ["ES256", "HS256"],
    secrets: [{ secret: SECRET, algorithm: "HS256", kid: "s1" }],
    claimPaths: { jti: "uti" },
  } as const;
  const good = { token_use: "access" };
  const revocation = { isRevoked: () => false };
  const { verifier, events } = await bench({ issuer, revocation });
  assert.ok((await verifier.explain(await signed(good))).every(({ ok }) => ok));
  const failures = async (token: string) =>
    (await verifier.explain(token))
      .filter(({ ok }) => !ok)
      .map(({ check, detail }) => [check, detail]);
  for (const [token, check, code, owner] of [
    [await signed(good, { typ: "at+jwt" }), "shape and header", "header.typ", null],
    [await signed(good, { typ: undefined }), "shape and header", "header.typ", null],
    [await padded(good), "shape and header", "token.malformed", null],
    [await signed({ token_use: "id" }), "claims", "claim.token_use", ISSUER],
    [await signed({ ...good, uti: 1 }), "revocation and check", "claim.jti", ISSUER],
    [
      await new SignJWT(claims(good))
        .setProtectedHeader({ alg: "HS256", kid: "k1", typ: "JWT" })
        .sign(SECRET),
      "key",
      "key.unknown",
      null,
    ],
  ] as const) {
    assert.deepEqual(await failures(token), [[check, code]]);
    events.length = 0;
    await refused(verifier.verify(token), code);
    const told = events.filter(({ type }) => type === "refused");
    assert.deepEqual(told, [
      { type: "refused", code, category: "token", issuer: owner, tenant: null },
    ]);
  }
});

edge("edge_H341_refuses_a_list_of_issuers_with_a_hole_and_keys_that_are_no_json", async () => {
  const { jwk } = await keyPair();
  const issuer = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] as const };
  const holed: IssuerOptions[] = [{ ...issuer, jwks: { keys: [jwk] } }];
  holed.length = 2;
  misconfigured(() => createVerifier({ issuers: holed }));
  for (const odd of [10n, { ...jwk, x: 10n }]) misconfigured(() => make({ jwks: { keys: [odd] } }));
});

edge("edge_H153_names_the_option_of_an_issuer_that_could_never_be_right", async () => {
  const many = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, place) => [`c${place}`, value]));
  for (const [issuer, option] of [
    [{ claims: [] }, "claims"],
    [{ claims: "x" }, "claims"],
    [{ claims: {} }, "claims"],
    [{ claims: many(33, "x") }, "claims"],
    [{ claims: { token_use: "" } }, "claims.token_use"],
    [{ claims: { token_use: [] } }, "claims.token_use"],
    [{ claims: { token_use: true } }, "claims.token_use"],
    [{ claims: { token_use: ["a", 1] } }, "claims.token_use"],
    [{ claims: { token_use: Array(1_001).fill("a") } }, "claims.token_use"],
    [{ claimPaths: [] }, "claimPaths"],
    [{ claimPaths: { role: "x" } }, "claimPaths.role"],
    [{ claimPaths: { roles: "" } }, "claimPaths.roles"],
    [{ claimPaths: { roles: [] } }, "claimPaths.roles"],
    [{ claimPaths: { roles: [[]] } }, "claimPaths.roles"],
    [{ claimPaths: { roles: ["a", ["b"]] } }, "claimPaths.roles"],
    [{ claimPaths: { roles: [["a", 1]] } }, "claimPaths.roles"],
    [{ claimPaths: { roles: Array(33).fill("a") } }, "claimPaths.roles"],
    [{ claimPaths: { roles: Array(33).fill(["a"]) } }, "claimPaths.roles"],
    [{ claimPaths: { roles: null } }, "claimPaths.roles"],
    [{ profile: "jws" }, "profile"],
    [{ profile: null }, "profile"],
    [{ types: [1] }, "types"],
    [{ requiredClaims: "org" }, "requiredClaims"],
    [{ maxTokenAge: -1 }, "maxTokenAge"],
    [{ maxTokenAge: "1h" }, "maxTokenAge"],
    [{ check: true }, "check"],
    [{ check: null }, "check"],
    [{ tolerate: ["padding", ""] }, "tolerate"],
    [{ secrets: [{ secret: SECRET, algorithm: "HS1" }] }, "secrets[0].algorithm"],
  ] as const)
    for (const where of ["issuers", "issuers[1]"]) {
      const usual = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] as const };
      const odd = { ...usual, jwksUri: `${ISSUER}/k`, ...issuer } as never;
      const other = { ...usual, issuer: "https://a.example", jwksUri: `${ISSUER}/k` };
      assert.throws(
        () => createVerifier({ issuers: where === "issuers" ? odd : [other, odd] }),
        ({ code, message }: { code: string; message: string }) =>
          code === "config_invalid" && message.startsWith(`\`${where}.${option}\` `),
        `${where}.${option}`,
      );
    }
});

edge("edge_L154_asks_the_check_that_a_resolver_gave_last", async () => {
  const { jwk } = await keyPair();
  let [asked, allowed] = [0, "alice"];
  const verifier = createVerifier({
    issuers: (issuer) => {
      const name = allowed;
      return {
        issuer,
        audience: AUDIENCE,
        algorithms: ["ES256"],
        jwks: { keys: [jwk] },
        check: ({ sub }) => ((asked += 1), sub === name),
      };
    },
    clock: () => NOW * 1000,
  });
  const token = await sign();
  for (const cached of [false, true, true])
    assert.equal((await verifier.verify(token)).cached, cached, "another function, the same keys");
  allowed = "bob";
  await refused(verifier.verify(token), "claim.custom");
  allowed = "alice";
  await verifier.verify(token);
  assert.equal(asked, 5);
});
