// Group Q: requests with bound tokens and DPoP proofs, at a verifier with the option `dpop`.

import assert from "node:assert/strict";
import { Hono } from "hono";
import {
  memoryReplay,
  type Policy,
  type Verified,
  type Verifier,
  type VerifyError,
} from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import {
  boundTo,
  clientOf,
  context,
  dpopBench,
  hashOf,
  proofBy,
  requestBy,
  secretOf,
  TARGET,
  watchedReplay,
  withProof,
} from "./dpop-kit.ts";
import {
  AUDIENCE,
  bench,
  claims,
  edge,
  misconfigured,
  NOW,
  PROMISES_ARE_SHARED,
  refused,
  sign,
} from "./kit.ts";

const bearer = (token: string, headers: Record<string, string> = {}) =>
  new Request(TARGET, { headers: { Authorization: `Bearer ${token}`, ...headers } });

const ALGS = 'algs="ES256 EdDSA"';

/** A guarded handler that says who is there. */
async function door(policy: Policy = {}, ...given: Parameters<typeof dpopBench>) {
  const made = await dpopBench(...given);
  const handler = made.verifier.guard(
    (_request: Request, _env: unknown, _ctx: unknown, auth: Verified | null) =>
      new Response(`hello ${auth?.claims.sub}`),
    policy as Policy & { optional: true },
  );
  return { ...made, ask: (request: Request) => handler(request, {}, context) };
}

edge("edge_Q301_lets_in_a_bound_token_with_its_proof", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier, events } = await dpopBench();
  const auth = await verifier.authenticate(
    await requestBy(client, token, { payload: { jti: "one" } }),
  );
  assert.deepEqual(auth.confirmation, { jkt: client.jkt });
  assert.deepEqual(auth.proof, {
    jti: "one",
    thumbprint: client.jkt,
    iat: NOW,
    nextNonce: null,
  });
  assert.deepEqual(JSON.parse(JSON.stringify(auth)).proof, auth.proof);
  const hit = await verifier.authenticate(await requestBy(client, token));
  assert.deepEqual([hit.cached, hit.confirmation], [true, { jkt: client.jkt }]);
  const unbound = await verifier.authenticate(bearer(await sign()));
  assert.deepEqual([unbound.confirmation, unbound.proof], [null, null]);
  assert.deepEqual(
    events.filter(({ type }) => type !== "jwks").map(({ type }) => type),
    ["verified", "verified", "verified"],
  );
  for (const scheme of ["dpop", "DPOP", "DPoP  "]) {
    const request = await requestBy(client, token);
    request.headers.set("Authorization", `${scheme} ${token}`);
    await verifier.authenticate(request);
  }
  const ed = await clientOf("ed", "EdDSA");
  await verifier.authenticate(await requestBy(ed, await boundTo(ed)));
});

edge("edge_Q2_wants_exactly_one_proof", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier } = await dpopBench();
  await refused(verifier.authenticate(withProof(token, null)), "proof.missing");
  for (const empty of ["", "  "]) {
    const { code } = await refused(verifier.authenticate(withProof(token, empty)), "proof.missing");
    assert.equal(code, "proof.missing");
  }
  const twice = await requestBy(client, token);
  twice.headers.append("DPoP", await proofBy(client, { token }));
  await refused(verifier.authenticate(twice), "proof.malformed");
  for (const odd of ["x", "a.b.c", "x".repeat(4_097), `${await proofBy(client, { token })},`])
    await refused(verifier.authenticate(withProof(token, odd)), "proof.malformed");
  for (const authorization of [
    `DPoP ${token}, DPoP ${token}`,
    `DPoP ${token}, Bearer ${token}`,
    "DPoP",
    "DPoP ",
    `Basic ${token}`,
    `DPoP${token}`,
  ]) {
    const request = await requestBy(client, token);
    request.headers.set("Authorization", authorization);
    await refused(verifier.authenticate(request), "request.malformed", authorization.slice(0, 9));
  }
});

edge("edge_Q9_and_Q10_bind_a_proof_to_the_method_and_the_address_of_the_request", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier } = await dpopBench();
  const proof = await proofBy(client, { token });
  for (const method of ["HEAD", "POST", "DELETE"])
    await refused(verifier.authenticate(withProof(token, proof, { method })), "proof.method");
  const elsewhere = (url: string) =>
    new Request(url, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } });
  for (const url of [`${TARGET}/`, `${AUDIENCE}/thing`, "https://other.example/things"])
    await refused(verifier.authenticate(elsewhere(url)), "proof.url", url);
  // RFC 9449 section 4.3: query and fragment don't count.
  await verifier.authenticate(elsewhere(`${TARGET}?admin=1#x`));
});

edge("edge_Q11_takes_the_address_that_the_application_says", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier } = await dpopBench({
    url: (request) => request.url.replace("https://api.example", "https://www.example/api"),
  });
  const htu = "https://www.example/api/things";
  await verifier.authenticate(await requestBy(client, token, { payload: { htu } }));
  await refused(verifier.authenticate(await requestBy(client, token)), "proof.url");
  // Nobody but the application may say so.
  const plain = await dpopBench();
  for (const [name, value] of [
    ["X-Forwarded-Host", "www.example"],
    ["X-Forwarded-Proto", "http"],
    ["Forwarded", "host=www.example"],
    ["X-Original-URL", "/api/things"],
    ["Host", "www.example"],
  ] as const) {
    const forged = await requestBy(client, token, { payload: { htu } });
    const good = await requestBy(client, token);
    for (const request of [forged, good]) request.headers.set(name, value);
    await refused(plain.verifier.authenticate(forged), "proof.url", name);
    await plain.verifier.authenticate(good);
  }
  for (const url of [
    () => {
      throw new Error("no");
    },
    () => undefined,
    () => "/things",
    () => "ftp://api.example/things",
    async () => TARGET,
  ]) {
    const odd = await dpopBench({ url: url as never });
    const error = await refused(
      odd.verifier.authenticate(await requestBy(client, token)),
      "config_invalid",
    );
    assert.equal(error.status, 500);
  }
});

edge("edge_Q14_a_request_that_is_sent_again_is_refused", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier, clock } = await dpopBench();
  const proof = await proofBy(client, { token });
  await verifier.authenticate(withProof(token, proof));
  for (const seconds of [0, 30, 30]) {
    clock.forward(seconds);
    await refused(verifier.authenticate(withProof(token, proof)), "proof.replayed");
  }
  clock.forward(0.001);
  await refused(verifier.authenticate(withProof(token, proof)), "proof.time");
  // The slack counts at both ends.
  const slack = await dpopBench({}, { clockTolerance: 30 });
  const early = await proofBy(client, { token, payload: { iat: NOW + 30 } });
  await slack.verifier.authenticate(withProof(token, early));
  slack.clock.forward(120);
  await refused(slack.verifier.authenticate(withProof(token, early)), "proof.replayed");
  slack.clock.forward(1);
  await refused(slack.verifier.authenticate(withProof(token, early)), "proof.time");
});

edge("edge_Q15_no_proof_is_used_up_by_a_request_that_fails_before_it", async () => {
  const client = await clientOf();
  const { uses, replay } = watchedReplay();
  const { verifier } = await dpopBench({ replay });
  const token = await boundTo(client);
  const proof = await proofBy(client, { token });
  const expired = await boundTo(client, { exp: NOW - 1 });
  await refused(verifier.authenticate(withProof(expired, proof)), "token.expired");
  await refused(verifier.authenticate(bearer(token, { DPoP: proof })), "token.bound");
  assert.equal(uses.length, 0);
  await verifier.authenticate(withProof(token, proof));
  assert.deepEqual(
    uses.map(({ expiresAt }) => expiresAt),
    [NOW + 61],
  );
});

edge("edge_Q16_a_store_without_an_answer_is_503_at_a_guard", async () => {
  const client = await clientOf();
  const replay = {
    firstUse: () => {
      throw new Error("the store's own words");
    },
  };
  const { ask, events } = await door({}, { replay });
  const answer = await ask(await requestBy(client, await boundTo(client)));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("WWW-Authenticate"), null);
  assert.ok(answer.headers.get("Retry-After"));
  assert.deepEqual(await answer.json(), { error: "temporarily_unavailable" });
  const refusal = events.find(({ type }) => type === "refused");
  assert.equal(refusal?.type === "refused" && refusal.code, "replay.unavailable");
});

edge("edge_Q19_a_proof_for_one_token_does_not_do_for_another", async () => {
  const client = await clientOf();
  const [token, other] = [await boundTo(client), await boundTo(client, { jti: "t2" })];
  const { verifier } = await dpopBench();
  for (const ath of [await hashOf(other), undefined, `${await hashOf(token)}=`, null])
    await refused(
      verifier.authenticate(await requestBy(client, token, { payload: { ath } })),
      "proof.token",
    );
  // The hash is that of the token that came, also for one that is remembered.
  await verifier.authenticate(await requestBy(client, token));
  await verifier.authenticate(await requestBy(client, other));
  await refused(
    verifier.authenticate(withProof(token, await proofBy(client, { token: other }))),
    "proof.token",
  );
  await verifier.authenticate(await requestBy(client, token));
});

edge("edge_Q20_a_proof_by_another_key_is_worth_nothing", async () => {
  const [victim, thief] = [await clientOf("victim"), await clientOf("thief")];
  const token = await boundTo(victim);
  const { verifier } = await dpopBench();
  for (let times = 0; times < 2; times += 1) {
    const stolen = await requestBy(thief, token);
    const error = await refused(verifier.authenticate(stolen), "proof.binding");
    assert.equal(error.response().status, 401);
    assert.match(error.challenge() ?? "", /^DPoP error="invalid_token", .*algs="ES256 EdDSA"$/);
    await verifier.authenticate(await requestBy(victim, token));
  }
  // The victim's key in the header, the thief's signature under it.
  const forged = await proofBy({ ...thief, jwk: victim.jwk }, { token });
  await refused(verifier.authenticate(withProof(token, forged)), "proof.signature");
});

edge("edge_Q21_a_bound_token_never_travels_as_bearer", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier } = await dpopBench();
  const proof = () => proofBy(client, { token });
  for (let times = 0; times < 2; times += 1) {
    await refused(verifier.authenticate(bearer(token)), "token.bound");
    await refused(verifier.authenticate(bearer(token, { DPoP: await proof() })), "token.bound");
    await verifier.authenticate(withProof(token, await proof()));
  }
  // Elsewhere than in `Authorization` a token is judged as Bearer.
  for (const [policy, headers] of [
    [{ token: { header: "X-Token" } }, { "X-Token": token }],
    [{ token: { cookie: "t" } }, { Cookie: `t=${token}` }],
    [{ token: () => token }, {}],
  ] as [Policy, Record<string, string>][]) {
    const request = new Request(TARGET, { headers: { ...headers, DPoP: await proof() } });
    await refused(verifier.authenticate(request, policy), "token.bound");
  }
});

edge("edge_Q22_an_unbound_token_does_not_become_a_bound_one", async () => {
  const client = await clientOf();
  const { verifier } = await dpopBench();
  const token = await sign();
  for (let times = 0; times < 2; times += 1) {
    await refused(verifier.authenticate(await requestBy(client, token)), "token.unbound");
    await refused(verifier.authenticate(withProof(token, null)), "token.unbound");
    await verifier.authenticate(bearer(token));
  }
});

edge("edge_Q23_refuses_what_a_proof_can_not_confirm", async () => {
  const client = await clientOf();
  const { verifier } = await dpopBench();
  for (const cnf of [
    null,
    {},
    [],
    "x",
    { jkt: client.jkt, kid: "a" },
    { "x5t#S256": client.jkt },
    { jkt: client.jkt, "x5t#S256": client.jkt },
    { jkt: 7 },
    { jkt: "" },
    { jkt: `${client.jkt}=` },
    { jkt: client.jkt.slice(1) },
    { jwk: client.jwk },
  ]) {
    const token = await sign(claims({ cnf }));
    const note = JSON.stringify(cnf);
    for (let times = 0; times < 2; times += 1) {
      await refused(verifier.authenticate(bearer(token)), "claim.cnf", note);
      await refused(verifier.authenticate(await requestBy(client, token)), "claim.cnf", note);
      await refused(verifier.verify(token), "claim.cnf", note);
    }
  }
});

edge("edge_Q24_verify_refuses_bound_tokens", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier } = await dpopBench();
  for (let times = 0; times < 2; times += 1) {
    const error = await refused(verifier.verify(token), "token.bound");
    assert.deepEqual([error.status, error.category], [401, "token"]);
  }
  assert.equal((await verifier.verify(await sign())).confirmation, null);
});

edge("edge_Q341_explains_that_a_bound_token_needs_its_proof", async () => {
  const odd = async ({ verifier }: { verifier: Verifier }, token: string) =>
    (await verifier.explain(token)).filter(({ ok }) => !ok);
  const bound = await boundTo(await clientOf());
  const { verifier } = await dpopBench();
  assert.deepEqual(await odd({ verifier }, bound), [
    { check: "proof", ok: false, detail: "token.bound" },
  ]);
  assert.deepEqual(await odd({ verifier }, await sign()), []);
  // Without the option nobody looks at `cnf`.
  assert.deepEqual(await odd(await bench(), bound), []);
});

edge("edge_Q25_a_policy_may_demand_a_proof", async () => {
  const client = await clientOf();
  const { verifier } = await dpopBench();
  const required = { dpop: "required" } as const;
  await verifier.authenticate(await requestBy(client, await boundTo(client)), required);
  const error = await refused(
    verifier.authenticate(bearer(await sign()), required),
    "policy.dpop_required",
  );
  assert.deepEqual([error.status, error.category], [401, "policy"]);
  await refused(verifier.authenticate(bearer(await boundTo(client)), required), "token.bound");
  const elsewhere = { dpop: "required", token: () => sign() as never } as Policy;
  await verifier.authenticate(bearer(await sign()), elsewhere).then(
    () => assert.fail("it was let in"),
    (refusal: VerifyError) => assert.ok(refusal.status >= 400),
  );
  await verifier.authenticate(bearer(await sign()), { dpop: "accepted" });
  // In `authorize` what counts is what the token came with.
  const proven = await verifier.authenticate(await requestBy(client, await boundTo(client)));
  await verifier.authorize(proven, required);
  const plain = await verifier.authenticate(bearer(await sign()));
  await refused(verifier.authorize(plain, required), "policy.dpop_required");
  for (const dpop of ["optional", true, "", null])
    misconfigured(() => verifier.guard(() => new Response(), { dpop: dpop as never }));
  const without = (await bench()).verifier;
  for (const dpop of ["required", "accepted"] as const) {
    misconfigured(() => without.guard(() => new Response(), { dpop }));
    await refused(without.authenticate(bearer(await sign()), { dpop }), "config_invalid");
    await refused(without.authorize(plain, { dpop }), "config_invalid");
    const guarded = without.guard(
      () => new Response(),
      () => ({ dpop }),
    );
    assert.equal((await guarded(bearer(await sign()), {}, context)).status, 500);
  }
});

edge("edge_Q26_optional_lets_in_nobody_rather_than_a_bad_proof", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  for (const dpop of ["accepted", "required"] as const) {
    const { verifier } = await dpopBench();
    const policy = { optional: true, dpop } as const;
    assert.equal(await verifier.authenticate(new Request(TARGET), policy), null);
    const stray = new Request(TARGET, { headers: { DPoP: await proofBy(client) } });
    assert.equal(await verifier.authenticate(stray, policy), null);
    await refused(verifier.authenticate(withProof(token, "x"), policy), "proof.malformed");
    await refused(verifier.authenticate(withProof(token, null), policy), "proof.missing");
    assert.ok(await verifier.authenticate(await requestBy(client, token), policy));
  }
});

edge("edge_Q29_hands_out_the_next_nonce_in_the_second_half_of_its_life", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const nonce = { secret: secretOf(1), lifetime: 100 };
  const { verifier, clock } = await dpopBench({ nonce }, { resultCacheSize: 10 });
  const refusal = await refused(
    verifier.authenticate(await requestBy(client, token)),
    "proof.nonce",
  );
  const first = refusal.dpopNonce ?? "";
  const answers: (() => Response)[] = [
    () => new Response("body", { status: 201, headers: { "Cache-Control": "max-age=60", A: "b" } }),
    () => new Response(null, { status: 204 }),
    () => Response.redirect("https://api.example/elsewhere", 303),
    () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode("bo"));
            controller.enqueue(new TextEncoder().encode("dy"));
            controller.close();
          },
        }),
      ),
  ];
  const ask = async (make: () => Response, given = first) => {
    const guarded = verifier.guard(make);
    return guarded(await requestBy(client, token, { payload: { nonce: given } }), {}, context);
  };
  for (const seconds of [0, 50]) {
    clock.forward(seconds);
    for (const make of answers) {
      const answer = await ask(make);
      assert.equal(answer.headers.get("DPoP-Nonce"), null);
      assert.equal(answer.headers.get("Cache-Control"), make().headers.get("Cache-Control"));
    }
  }
  clock.forward(1);
  for (const make of answers) {
    const [answer, own] = [await ask(make), make()];
    const next = answer.headers.get("DPoP-Nonce") ?? "";
    assert.match(next, /^[\w-]{27}$/);
    assert.notEqual(next, first);
    assert.equal(answer.headers.get("Cache-Control"), "no-store");
    assert.equal(answer.status, own.status);
    assert.equal(answer.headers.get("A"), own.headers.get("A"));
    assert.equal(answer.headers.get("Location"), own.headers.get("Location"));
    assert.equal(await answer.text(), await own.text());
    // With that one there is nothing to hand out.
    assert.equal((await ask(make, next)).headers.get("DPoP-Nonce"), null);
  }
  const auth = await verifier.authenticate(
    await requestBy(client, token, { payload: { nonce: first } }),
  );
  assert.match(auth.proof?.nextNonce ?? "", /^[\w-]{27}$/);
  // What can't be copied is handed on as it is.
  const network = Response.error();
  assert.equal(await ask(() => network), network);
});

edge("edge_Q30_each_refusal_has_its_challenge", async () => {
  const client = await clientOf();
  const [token, plain] = [await boundTo(client), await sign()];
  const quoted = (words: string) => `error_description="${words}"`;
  const bad = quoted("The access token is not valid.");
  const proof = quoted("The DPoP proof is not valid.");
  const rows: [Policy, Request, number, string | null, string][] = [
    [
      { realm: "api" },
      new Request(TARGET),
      401,
      `Bearer realm="api", DPoP ${ALGS}`,
      "token_missing",
    ],
    [{}, new Request(TARGET), 401, `Bearer, DPoP ${ALGS}`, "token_missing"],
    [
      { dpop: "required", realm: "api", scopes: ["a"] },
      new Request(TARGET),
      401,
      `DPoP realm="api", scope="a", ${ALGS}`,
      "token_missing",
    ],
    [{}, bearer(token), 401, `Bearer error="invalid_token", ${bad}, DPoP ${ALGS}`, "invalid_token"],
    [
      { dpop: "required" },
      bearer(token),
      401,
      `DPoP error="invalid_token", ${bad}, ${ALGS}`,
      "invalid_token",
    ],
    [
      { dpop: "required" },
      bearer(plain),
      401,
      `DPoP error="invalid_token", ${bad}, ${ALGS}`,
      "invalid_token",
    ],
    [
      {},
      await requestBy(client, plain),
      401,
      `DPoP error="invalid_token", ${bad}, ${ALGS}`,
      "invalid_token",
    ],
    [
      {},
      bearer(await sign(claims({ cnf: {} }))),
      401,
      `DPoP error="invalid_token", ${bad}, ${ALGS}`,
      "invalid_token",
    ],
    [
      {},
      await requestBy(await clientOf("thief"), token),
      401,
      `DPoP error="invalid_token", ${bad}, ${ALGS}`,
      "invalid_token",
    ],
    [
      { realm: 'a"b\\c\u{1f600}' },
      withProof(token, null),
      401,
      `DPoP realm="a\\"b\\\\c", error="invalid_dpop_proof", ${proof}, ${ALGS}`,
      "invalid_dpop_proof",
    ],
    [
      {},
      await requestBy(client, await boundTo(client, { exp: 1 })),
      401,
      `DPoP error="invalid_token", ${bad}, ${ALGS}`,
      "invalid_token",
    ],
    [
      { scopes: ["write"] },
      await requestBy(client, token),
      403,
      `DPoP error="insufficient_scope", ${quoted("The access token does not allow this.")}, ` +
        `scope="write", ${ALGS}`,
      "insufficient_scope",
    ],
    [
      { scopes: ["write"] },
      bearer(plain),
      403,
      `Bearer error="insufficient_scope", ${quoted("The access token does not allow this.")}, ` +
        `scope="write", DPoP ${ALGS}`,
      "insufficient_scope",
    ],
    [
      { token: { cookie: "t" } },
      new Request(TARGET, { headers: { Cookie: `t=${token}` } }),
      401,
      `Bearer error="invalid_token", ${bad}`,
      "invalid_token",
    ],
  ];
  for (const [policy, request, status, challenge, error] of rows) {
    const { ask } = await door(policy);
    const answer = await ask(request);
    assert.equal(answer.headers.get("WWW-Authenticate"), challenge);
    assert.deepEqual([answer.status, await answer.json()], [status, { error }]);
    assert.equal(answer.headers.get("Cache-Control"), "no-store");
    assert.equal(answer.headers.get("DPoP-Nonce"), null);
  }
  const { ask } = await door(
    {},
    { nonce: { secret: secretOf(1) }, algorithms: ["Ed25519", "ES256"] },
  );
  const answer = await ask(await requestBy(client, token));
  assert.match(answer.headers.get("DPoP-Nonce") ?? "", /^[\w-]{27}$/);
  assert.equal(
    answer.headers.get("WWW-Authenticate"),
    'DPoP error="use_dpop_nonce", ' +
      `${quoted("The DPoP proof needs a nonce of this server.")}, algs="Ed25519 ES256"`,
  );
  assert.deepEqual([answer.status, await answer.json()], [401, { error: "use_dpop_nonce" }]);
});

edge("edge_Q35_without_the_option_nothing_changes", async () => {
  const client = await clientOf();
  const [token, plain] = [await boundTo(client), await sign()];
  const { verifier } = await bench();
  const guarded = verifier.guard(
    (_request: Request, _env: unknown, _ctx: unknown, auth: Verified) => Response.json(auth),
    { realm: "api", scopes: [] },
  );
  const shown = async (request: Request) => {
    const answer = await guarded(request, {}, context);
    return [answer.status, [...answer.headers], await answer.text()];
  };
  // `cnf` is a claim like any other, and a proof is a header like any other.
  const [status, , text] = await shown(bearer(token, { DPoP: "x" }));
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(JSON.parse(text as string)).sort(), [
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
  assert.equal((await verifier.verify(token)).confirmation, null);
  assert.equal((await verifier.verify(plain)).proof, null);
  for (const odd of [null, {}, "x", { "x5t#S256": "x" }])
    await verifier.verify(await sign(claims({ cnf: odd })));
  const headers = (challenge: string) => [
    ["cache-control", "no-store"],
    ["content-type", "application/json"],
    ["www-authenticate", challenge],
  ];
  const words = 'error_description="The request carries no usable access token."';
  assert.deepEqual(await shown(new Request(TARGET)), [
    401,
    headers('Bearer realm="api"'),
    '{"error":"token_missing"}',
  ]);
  // The scheme DPoP is one that nobody knows.
  assert.deepEqual(await shown(await requestBy(client, token)), [
    400,
    headers(`Bearer realm="api", error="invalid_request", ${words}`),
    '{"error":"invalid_request"}',
  ]);
  assert.deepEqual(await shown(bearer(`${plain}x`)), [
    401,
    headers(
      'Bearer realm="api", error="invalid_token", error_description="The access token is not valid."',
    ),
    '{"error":"invalid_token"}',
  ]);
});

edge("edge_Q37_goes_by_the_clock_of_its_options_alone", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  let now: number = NOW * 1000;
  const { verifier } = await dpopBench({ nonce: { secret: secretOf(1) } }, { clock: () => now });
  const ask = async (nonce?: string) =>
    verifier.authenticate(await requestBy(client, token, { payload: { nonce } }));
  const nonce = (await refused(ask(), "proof.nonce")).dpopNonce ?? "";
  await ask(nonce);
  now += 301_000;
  await refused(ask(nonce), "proof.nonce");
  now = NOW * 1000;
  await ask(nonce);
  for (now of [0, 1_577_836_799_999, Number.NaN])
    assert.equal((await refused(ask(nonce), "clock.unavailable")).status, 503);
  // The clock stops between the token and its proof.
  let reads = 0;
  const stopping = await dpopBench({}, { clock: () => (++reads % 3 === 0 ? 0 : NOW * 1000) });
  const outcomes = new Set<string>();
  for (let times = 0; times < 9; times += 1)
    await stopping.verifier.authenticate(await requestBy(client, token)).then(
      () => outcomes.add("in"),
      (error: VerifyError) => outcomes.add(error.code),
    );
  assert.ok([...outcomes].every((one) => one === "in" || one === "clock.unavailable"));
});

edge("edge_Q38_the_options_of_a_verifier_are_looked_at_when_it_is_made", async () => {
  const make = (dpop: unknown) => () =>
    bench({ dpop: dpop as never }).then(
      () => assert.fail("it was made"),
      (error: VerifyError) => assert.equal(error.code, "config_invalid"),
    );
  for (const dpop of [
    true,
    null,
    "on",
    [],
    { algorithms: ["HS256"] },
    { nonce: { secret: new Uint8Array(31) } },
    { maxProofAge: 601 },
    { replay: "on" },
    { clock: () => NOW },
  ])
    await make(dpop)();
  // Nothing that is changed later counts.
  const client = await clientOf();
  const token = await boundTo(client);
  const secret = secretOf(1);
  const options = { nonce: { secret }, algorithms: ["ES256" as const] };
  const { verifier } = await dpopBench(options);
  const ask = async (nonce?: string) =>
    verifier.authenticate(await requestBy(client, token, { payload: { nonce } }));
  const nonce = (await refused(ask(), "proof.nonce")).dpopNonce ?? "";
  secret.fill(9);
  options.algorithms.pop();
  await ask(nonce);
});

edge("edge_Q302_verifiers_of_one_store_see_each_others_proofs", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const replay = memoryReplay({ clock: () => NOW * 1000 });
  const [one, other] = [await dpopBench({ replay }), await dpopBench({ replay })];
  const proof = await proofBy(client, { token });
  await one.verifier.authenticate(withProof(token, proof));
  await refused(other.verifier.authenticate(withProof(token, proof)), "proof.replayed");
  const alone = await dpopBench();
  await alone.verifier.authenticate(withProof(token, proof));
});

edge("edge_Q303_Hono_hands_out_the_next_nonce_and_every_challenge", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier, clock } = await dpopBench({ nonce: { secret: secretOf(1), lifetime: 100 } });
  const app = new Hono();
  app.use("/things", guard(verifier, { dpop: "required" }));
  app.get("/things", (c) => c.text("hello", 201, { "Cache-Control": "max-age=60" }));
  const ask = async (nonce?: string) =>
    app.request(await requestBy(client, token, { payload: { nonce } }));
  const refusal = await ask();
  assert.equal(refusal.status, 401);
  assert.match(refusal.headers.get("WWW-Authenticate") ?? "", /^DPoP error="use_dpop_nonce"/);
  const first = refusal.headers.get("DPoP-Nonce") ?? "";
  const early = await ask(first);
  assert.deepEqual([early.status, early.headers.get("DPoP-Nonce")], [201, null]);
  assert.equal(early.headers.get("Cache-Control"), "max-age=60");
  clock.forward(51);
  const late = await ask(first);
  const next = late.headers.get("DPoP-Nonce") ?? "";
  assert.deepEqual([late.status, await late.text()], [201, "hello"]);
  assert.equal(late.headers.get("Cache-Control"), "no-store");
  assert.equal((await ask(next)).headers.get("DPoP-Nonce"), null);
  const none = await app.request(TARGET);
  assert.equal(none.headers.get("WWW-Authenticate"), `DPoP ${ALGS}`);
});

edge("edge_Q330_one_request_may_pass_several_guards_with_its_one_proof", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  const { verifier } = await dpopBench();
  const app = new Hono();
  app.use("/things", guard(verifier, { forward: { "x-user": "sub" } }));
  app.get("/things", guard(verifier, { dpop: "required" }), (c) => c.text("hello"));
  const proof = await proofBy(client, { token });
  assert.equal((await app.request(withProof(token, proof))).status, 200);
  // The same proof in another request is a replay at the first guard.
  const again = await app.request(withProof(token, proof));
  assert.match(again.headers.get("WWW-Authenticate") ?? "", /^DPoP error="invalid_dpop_proof"/);

  const request = await requestBy(client, token);
  await verifier.authenticate(request);
  await verifier.authenticate(request);
  // A copy that the application makes is another request.
  await refused(verifier.authenticate(request.clone()), "proof.replayed");
});

edge("edge_Q34_a_request_that_is_given_up_leaves_the_next_one_right", async () => {
  const client = await clientOf();
  const token = await boundTo(client);
  // Requests that stop at the first key set, and at the store of proofs: nobody waits for them.
  let stops: "keys" | "replay" | null = "keys";
  const never = new Promise<never>(() => undefined);
  const { verifier, endpoint } = await dpopBench(
    { replay: { firstUse: () => (stops === "replay" ? never : true) } },
    {
      jwks: {
        timeout: 60_000,
        fetch: (url, init) => (stops === "keys" ? never : endpoint.fetch(url, init)),
      },
    },
  );
  const ask = async () => verifier.authenticate(await requestBy(client, token));
  const given = { settled: 0 };
  const giveUp = async () => {
    void ask().then(
      () => (given.settled += 1),
      () => (given.settled += 1),
    );
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve));
  };
  if (!PROMISES_ARE_SHARED) await giveUp();
  for (stops of [null, "replay", null] as const)
    if (stops === null) assert.equal((await ask()).proof?.thumbprint, client.jkt);
    else await giveUp();
  assert.equal(given.settled, 0);
});

edge("edge_Q33_a_hundred_thousand_proofs_need_the_room_of_those_that_are_alive", () => {
  let seconds = 0;
  const { firstUse } = memoryReplay({ max: 2_000, clock: () => seconds * 1000 });
  for (let place = 0; place < 100_000; place += 1) {
    seconds = place / 10;
    const use = { name: `p${place}`, thumbprint: `t${place}`, expiresAt: seconds + 91 };
    assert.equal(firstUse(use), true);
  }
  return Promise.resolve();
});

edge("edge_Q307_requests_at_once_have_each_its_own_verdict", async () => {
  const [one, other] = [await clientOf("one"), await clientOf("other")];
  const tokens = [await boundTo(one), await boundTo(other)] as const;
  const { verifier } = await dpopBench();
  const requests = await Promise.all(
    Array.from({ length: 40 }, async (_, place) => {
      const owner = place % 2 === 0 ? one : other;
      const asks = place % 4 < 2 ? owner : place % 2 === 0 ? other : one;
      return requestBy(asks, tokens[place % 2] as string);
    }),
  );
  const verdicts = await Promise.all(
    requests.map((request) =>
      verifier.authenticate(request).then(
        () => "in",
        (error: VerifyError) => error.code,
      ),
    ),
  );
  assert.deepEqual(
    verdicts,
    verdicts.map((_, place) => (place % 4 < 2 ? "in" : "proof.binding")),
  );
});
