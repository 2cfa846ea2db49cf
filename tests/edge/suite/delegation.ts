// Group Y: who acts for the user of a token (RFC 8693 sections 4.1 and 4.4), which policies let it,
// and what an audit log says of it.

import assert from "node:assert/strict";
import { auditOf, mayAct, type Policy, type Verified } from "tokenkeep/edge";
import { bench, claims, edge, ISSUER, misconfigured, refused, sign } from "./kit.ts";

const request = (token: string, headers: Record<string, string> = {}) =>
  new Request("https://api.example/x", {
    headers: { ...headers, Authorization: `Bearer ${token}` },
  });
const acting = (act: unknown) => sign(claims({ act }));

/** A chain of so many actors, the current one first. */
function chain(length: number): object {
  const [first, ...earlier] = Array.from({ length }, (_, at) => `actor-${at + 1}`);
  const act = (subjects: readonly string[]): object | undefined =>
    subjects.length === 0 ? undefined : { sub: subjects[0], act: act(subjects.slice(1)) };
  return { sub: first, act: act(earlier) };
}

/** What is there, and no chain of actors. */
const ODD = [
  null,
  "operator",
  7,
  true,
  [],
  [{ sub: "operator" }],
  {},
  { sub: "" },
  { sub: 7 },
  { sub: null },
  { iss: ISSUER },
  { sub: "operator", iss: 7 },
  { sub: "operator", act: null },
  { sub: "operator", act: { sub: 7 } },
  chain(9),
];

edge("edge_Y1_gives_the_actors_in_order", async () => {
  const { verifier } = await bench();
  const subjects = async (act: unknown) =>
    (await verifier.verify(await acting(act))).actors?.map(({ subject }) => subject);
  assert.deepEqual(await subjects(chain(1)), ["actor-1"]);
  assert.deepEqual(
    await subjects(chain(8)),
    Array.from({ length: 8 }, (_, at) => `actor-${at + 1}`),
  );
  for (const odd of ODD) assert.deepEqual(await subjects(odd), [], JSON.stringify(odd));
  assert.deepEqual((await verifier.verify(await sign())).actors, []);

  const act = { sub: "operator", iss: "https://staff.example", role: "support" };
  const token = await acting(act);
  // The second and third time it is a remembered token.
  for (let time = 0; time < 3; time += 1) {
    const auth = await verifier.verify(token);
    assert.deepEqual(auth.actors, [
      { subject: "operator", issuer: "https://staff.example", claims: act },
    ]);
    assert.throws(() => Object.assign(auth.actors?.[0]?.claims ?? {}, { role: "root" }), TypeError);
    const { actors } = JSON.parse(JSON.stringify(auth)) as Verified;
    assert.deepEqual(actors, auth.actors);
  }
});

edge("edge_Y2_forbids_whatever_act_holds", async () => {
  const { verifier } = await bench();
  const forbid: Policy = { delegation: "forbid", realm: "api" };
  for (const act of [...ODD, { sub: "operator" }]) {
    const note = JSON.stringify(act);
    const token = await acting(act);
    const error = await refused(verifier.authenticate(request(token), forbid), "policy.delegation");
    assert.deepEqual([error.status, error.category], [403, "policy"], note);
    assert.match(error.challenge(forbid) ?? "", /^Bearer realm="api", error="insufficient_scope"/);
    assert.deepEqual(await error.response(forbid).json(), { error: "insufficient_scope" });
    // Without the rule, and with "allow", anybody may act.
    await verifier.authenticate(request(token));
    await verifier.authenticate(request(token), { delegation: "allow" });
  }
  await verifier.authenticate(request(await sign()), forbid);
});

edge("edge_Y3_lets_a_listed_actor_in_and_no_earlier_one", async () => {
  const { verifier } = await bench();
  const policy: Policy = { delegation: { actors: ["operator", { subject: "robot" }] } };
  for (const sub of ["operator", "robot"])
    await verifier.authenticate(request(await acting({ sub, act: { sub: "stranger" } })), policy);
  await verifier.authenticate(request(await sign()), policy);
  for (const act of [{ sub: "stranger" }, { sub: "stranger", act: { sub: "operator" } }, ...ODD])
    await refused(
      verifier.authenticate(request(await acting(act)), policy),
      "policy.delegation",
      JSON.stringify(act),
    );
  await refused(
    verifier.authenticate(request(await acting({ sub: "operator" })), {
      delegation: { actors: [] },
    }),
    "policy.delegation",
  );
});

edge("edge_Y4_compares_the_actors_issuer_where_one_is_given", async () => {
  const { verifier } = await bench();
  const staff = "https://staff.example";
  const policy: Policy = { delegation: { actors: [{ issuer: staff, subject: "operator" }] } };
  await verifier.authenticate(request(await acting({ sub: "operator", iss: staff })), policy);
  for (const act of [
    { sub: "operator" },
    { sub: "operator", iss: ISSUER },
    { sub: "operator", iss: `${staff}/` },
    { sub: "stranger", iss: staff },
  ])
    await refused(
      verifier.authenticate(request(await acting(act)), policy),
      "policy.delegation",
      JSON.stringify(act),
    );
});

edge("edge_Y5_may_ask_for_an_actor", async () => {
  const { verifier } = await bench();
  const policy: Policy = { delegation: { actors: ["operator"], required: true } };
  await verifier.authenticate(request(await acting({ sub: "operator" })), policy);
  for (const token of [await sign(), await acting({ sub: "stranger" }), await acting(null)])
    await refused(verifier.authenticate(request(token), policy), "policy.delegation");
  // `authorize` has the same rule for a token that came another way.
  const auth = await verifier.verify(await sign());
  await refused(verifier.authorize(auth, policy), "policy.delegation");
});

edge("edge_Y5_refuses_a_rule_that_would_not_count", async () => {
  const { verifier } = await bench();
  const inherits = (members: object, own: object) => Object.assign(Object.create(members), own);
  for (const delegation of [
    "deny",
    null,
    true,
    [],
    ["operator"],
    {},
    { actors: "operator" },
    { actors: [""] },
    { actors: [7] },
    { actors: [{}] },
    { actors: [{ subject: "operator", issuer: 7 }] },
    { actors: [{ subject: "operator", sub: "x" }] },
    { actors: [inherits({ issuer: ISSUER }, { subject: "operator" })] },
    { actors: ["operator"], required: "yes" },
    { actors: ["operator"], require: true },
    inherits({ required: true }, { actors: ["operator"] }),
    inherits({ actors: ["operator"] }, {}),
  ])
    misconfigured(
      () => verifier.guard(() => new Response(), { delegation } as unknown as Policy),
      JSON.stringify(delegation),
    );
});

edge("edge_Y6_tells_an_audit_log_who_did_it_and_no_token", async () => {
  const { verifier } = await bench({
    issuer: { tenant: "north", claimPaths: { sid: "session_state" } },
  });
  const token = await sign(
    claims({
      azp: "shop",
      scope: "orders:read orders:write",
      session_state: "s1",
      act: { sub: "operator", act: { sub: "gateway", iss: "https://mesh.example" } },
    }),
  );
  const record = auditOf(await verifier.verify(token));
  assert.deepEqual(record, {
    issuer: ISSUER,
    subject: "alice",
    client: "shop",
    actors: ["operator", "https://mesh.example gateway"],
    tokenId: "t1",
    session: "s1",
    scopes: ["orders:read", "orders:write"],
    tenant: "north",
  });
  for (const part of token.split(".")) assert.ok(!JSON.stringify(record).includes(part));

  const bare = await bench();
  assert.deepEqual(auditOf(await bare.verifier.verify(await sign(claims({ jti: undefined })))), {
    issuer: ISSUER,
    subject: "alice",
    client: null,
    actors: [],
    tokenId: null,
    session: null,
    scopes: [],
    tenant: null,
  });
  // One that a test made by hand.
  const byHand = { claims: { sub: "bob", client_id: "app", azp: "x" }, issuer: ISSUER };
  const { subject, client, scopes, tenant } = auditOf(byHand as unknown as Verified);
  assert.deepEqual([subject, client, scopes, tenant], ["bob", "app", [], null]);
});

edge("edge_Y7_knows_who_may_act", async () => {
  const { verifier } = await bench();
  const may = async (mayActClaim: unknown, actor: { issuer?: string; subject: string }) =>
    mayAct(await verifier.verify(await sign(claims({ may_act: mayActClaim }))), actor);
  const staff = "https://staff.example";
  assert.ok(await may({ sub: "operator" }, { subject: "operator" }));
  assert.ok(await may({ sub: "operator" }, { subject: "operator", issuer: ISSUER }));
  assert.ok(await may({ sub: "operator", iss: ISSUER }, { subject: "operator" }));
  assert.ok(await may({ sub: "operator", iss: staff }, { subject: "operator", issuer: staff }));
  const odd: [unknown, { issuer?: string; subject: string }][] = [
    [{ sub: "operator" }, { subject: "Operator" }],
    [{ sub: "operator" }, { subject: "operator", issuer: staff }],
    [{ sub: "operator", iss: staff }, { subject: "operator" }],
    [{ sub: "operator", iss: 7 }, { subject: "operator" }],
    [{ iss: ISSUER }, { subject: "" }],
    [{ sub: "" }, { subject: "" }],
    [["operator"], { subject: "operator" }],
    ["operator", { subject: "operator" }],
    [null, { subject: "operator" }],
    [undefined, { subject: "operator" }],
  ];
  for (const [claim, actor] of odd) assert.ok(!(await may(claim, actor)), JSON.stringify(claim));
});

edge("edge_Y8_hands_the_actor_on_and_takes_no_forged_one", async () => {
  const { verifier } = await bench();
  const policy: Policy = { forward: { "X-User": "sub", "X-Actor": ["act", "sub"] } };
  const seen: (string | null)[][] = [];
  const handler = verifier.guard((inside) => {
    seen.push([inside.headers.get("X-User"), inside.headers.get("X-Actor")]);
    return new Response();
  }, policy);
  const context = { waitUntil: () => undefined };
  const forged = { "X-User": "root", "X-Actor": "nobody" };
  await handler(request(await acting({ sub: "operator" }), forged), {}, context);
  await handler(request(await sign(), forged), {}, context);
  assert.deepEqual(seen, [
    ["alice", "operator"],
    ["alice", null],
  ]);
});
