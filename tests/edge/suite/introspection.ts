// Group V: opaque tokens, whose issuer is asked about them.

import assert from "node:assert/strict";
import { CompactEncrypt } from "jose";
import {
  createVerifier,
  type IssuerOptions,
  memoryRevocation,
  type Verifier,
  type VerifierEvent,
  type VerifierOptions,
} from "tokenkeep/edge";
import {
  type IntrospectionEvent,
  type IntrospectionOptions,
  introspection,
} from "tokenkeep/introspection";
import { decryption } from "tokenkeep/jwe";
import { clientOf, requestBy } from "./dpop-kit.ts";
import {
  AUDIENCE,
  base64url,
  Clock,
  claims,
  type ExecutionContextLike,
  edge,
  ISSUER,
  type KeyPair,
  keyPair,
  misconfigured,
  NOW,
  PROMISES_ARE_SHARED,
  refusal,
  refused,
  sign,
  until,
} from "./kit.ts";

const TOKEN = "opaque-token-0001";
const ENDPOINT = `${ISSUER}/introspect`;
const CLIENT = {
  id: "api",
  auth: { method: "client_secret_basic", secret: "thesecretoftheapi" },
} as const;

/** A good answer. A member that is undefined is left out. */
const active = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  active: true,
  token_type: "Bearer",
  aud: AUDIENCE,
  iss: ISSUER,
  sub: "alice",
  client_id: "app",
  scope: "read write",
  iat: NOW,
  exp: NOW + 900,
  ...more,
});

type Page = (url: string, form: URLSearchParams) => Response | Promise<Response>;

/** The issuer's endpoint, and what it was asked. */
class Authority {
  readonly asked: { url: string; init: RequestInit; token: string }[] = [];
  answer: Page = () => Response.json(active());
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const form = new URLSearchParams(String(init.body ?? ""));
    this.asked.push({ url, init, token: form.get("token") ?? "" });
    return this.answer(url, form);
  };
  get calls(): number {
    return this.asked.length;
  }
}

interface Made {
  readonly authority: Authority;
  readonly clock: Clock;
  readonly events: VerifierEvent[];
  readonly heard: IntrospectionEvent[];
  readonly verifier: Verifier;
}

interface More extends Partial<IntrospectionOptions> {
  verifier?: Partial<VerifierOptions>;
  authority?: Authority;
}

function made({ verifier = {}, authority = new Authority(), ...more }: More = {}): Made {
  const clock = new Clock();
  const events: VerifierEvent[] = [];
  const heard: IntrospectionEvent[] = [];
  return {
    authority,
    clock,
    events,
    heard,
    verifier: createVerifier({
      issuers: [],
      clock: clock.read,
      clockTolerance: 0,
      onEvent: (event) => events.push(event),
      introspection: introspection({
        issuer: ISSUER,
        audience: AUDIENCE,
        endpoint: ENDPOINT,
        client: CLIENT,
        fetch: authority.fetch,
        onEvent: (event) => heard.push(event),
        ...more,
      }),
      ...verifier,
    }),
  };
}

const answering = (answer: unknown): Authority => {
  const authority = new Authority();
  authority.answer = () => Response.json(answer);
  return authority;
};

/** An issuer of JWTs, of the same name. */
const jwtIssuer = async (more: Partial<IssuerOptions> = {}): Promise<IssuerOptions> => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["ES256"],
  jwks: { keys: [(await keyPair()).jwk] },
  ...more,
});

const request = (token: string) =>
  new Request("https://api.example/", { headers: { Authorization: `Bearer ${token}` } });

edge("edge_V1_takes_a_token_that_is_active_with_the_right_audience_and_type", async () => {
  const { verifier, authority, events, heard } = made({ tenant: "acme" });
  const auth = await verifier.authenticate(request(TOKEN), { scopes: ["read"], tenant: "acme" });
  assert.equal(auth.claims.sub, "alice");
  assert.deepEqual(auth.claims, active());
  assert.deepEqual([auth.issuer, auth.tenant, auth.cached], [ISSUER, "acme", false]);
  assert.deepEqual([...auth.scopes], ["read", "write"]);
  assert.deepEqual(auth.header, { alg: "" });
  assert.deepEqual(auth.key, { kid: null, alg: "", thumbprint: "" });
  assert.deepEqual(auth.keys, { source: "network", ageMs: 0, stale: false });
  assert.deepEqual(auth.actors, []);
  assert.ok(Object.isFrozen(auth.claims));
  const [call] = authority.asked;
  assert.equal(authority.calls, 1);
  assert.equal(call?.url, ENDPOINT);
  assert.equal(call?.init.method, "POST");
  assert.equal(call?.init.redirect, "manual");
  const headers = new Headers(call?.init.headers);
  assert.equal(headers.get("Accept"), "application/json");
  assert.equal(headers.get("Authorization"), `Basic ${btoa("api:thesecretoftheapi")}`);
  assert.equal(
    String(call?.init.body),
    `token_type_hint=access_token&token=${encodeURIComponent(TOKEN)}`,
  );
  const verified = { type: "verified", issuer: ISSUER, cached: false, tenant: "acme" };
  assert.deepEqual(events, [verified]);
  const told = { type: "introspection", issuer: ISSUER, outcome: "active", code: null };
  assert.deepEqual(heard, [told]);
});

edge("edge_V1_takes_opaque_tokens_beside_the_jwts_of_issuers_and_of_a_resolver", async () => {
  const one = await jwtIssuer();
  for (const issuers of [one, [one], async (name: string) => (name === ISSUER ? one : null)]) {
    const { verifier, authority } = made({ verifier: { issuers } });
    assert.equal((await verifier.verify(TOKEN)).claims.sub, "alice");
    assert.equal(authority.calls, 1);
    assert.equal((await verifier.verify(await sign())).key.alg, "ES256");
    assert.equal((await verifier.verify(TOKEN)).cached, true);
    assert.equal(authority.calls, 1);
  }
});

edge("edge_V1_reads_a_text_or_a_list_of_audiences_and_the_type_in_any_case", async () => {
  for (const more of [
    { aud: [AUDIENCE, "https://other.example"] },
    { token_type: "bearer" },
    { token_type: "BEARER" },
    { iss: undefined, exp: undefined, iat: undefined, sub: undefined },
    { unknown: { deep: [1, null] } },
  ]) {
    const { verifier } = made({ authority: answering(active(more)) });
    await verifier.verify(TOKEN);
  }
  const { verifier } = made({ audience: ["https://none.example", AUDIENCE] });
  await verifier.verify(TOKEN);
});

edge("edge_V2_refuses_an_inactive_token_and_remembers_it_for_ten_seconds", async () => {
  const { verifier, authority, clock, events, heard } = made({
    authority: answering({ active: false }),
  });
  const error = await refused(verifier.verify(TOKEN), "token.inactive");
  assert.deepEqual([error.status, error.category, error.retryable], [401, "token", false]);
  assert.match(error.challenge() ?? "", /^Bearer error="invalid_token"/);
  clock.forward(9.999);
  await refused(verifier.verify(TOKEN), "token.inactive");
  assert.equal(authority.calls, 1);
  authority.answer = () => Response.json(active());
  clock.forward(0.001);
  await verifier.verify(TOKEN);
  assert.equal(authority.calls, 2);
  const refusedEvent = { type: "refused", code: "token.inactive", category: "token" };
  assert.deepEqual(events.slice(0, 2), [
    { ...refusedEvent, issuer: null, tenant: null },
    { ...refusedEvent, issuer: null, tenant: null },
  ]);
  assert.deepEqual(
    heard.map(({ outcome, code }) => [outcome, code]),
    [
      ["refused", "token.inactive"],
      ["active", null],
    ],
  );
});

edge("edge_V3_takes_no_answer_that_does_not_say_true", async () => {
  for (const odd of ["true", 1, null, undefined, [], [true], {}, "false", 0]) {
    const { verifier } = made({ authority: answering(active({ active: odd })) });
    const error = await refused(verifier.verify(TOKEN), "introspection.malformed", String(odd));
    assert.equal(error.status, 503);
  }
  for (const text of [
    '{"active":true,"active":true}',
    `{"active":true,"token_type":"Bearer","aud":"${AUDIENCE}","sub":"a","sub":"b"}`,
    '{"__proto__":{"active":true}}',
    "{}",
    "[]",
    "true",
    "null",
    "",
  ]) {
    const authority = new Authority();
    authority.answer = () => new Response(text);
    const { verifier } = made({ authority });
    await refused(verifier.verify(TOKEN), "introspection.malformed", text);
  }
});

edge("edge_V3_an_odd_answer_is_about_one_token_and_the_others_go_on", async () => {
  const { verifier, authority } = made();
  authority.answer = (_, form) =>
    form.get("token") === TOKEN
      ? new Response('{"active":true,"name":"\\ud800"}')
      : Response.json(active());
  for (let time = 1; time <= 3; time += 1) {
    await refused(verifier.verify(TOKEN), "introspection.malformed");
    await verifier.verify(`another-token-${time}`);
    assert.equal(authority.calls, 2 * time, "nothing is remembered of it");
  }
});

edge("edge_V4_wants_an_audience_of_ours", async () => {
  const odd = [undefined, "https://other.example", ["https://other.example"], {}, [], null, 7];
  for (const aud of odd) {
    for (const allowNoAudience of [false, true]) {
      const { verifier, events } = made({
        authority: answering(active({ aud })),
        allowNoAudience,
      });
      const note = JSON.stringify({ aud, allowNoAudience });
      if (allowNoAudience && aud === undefined) await verifier.verify(TOKEN);
      else {
        assert.equal((await refused(verifier.verify(TOKEN), "claim.aud", note)).status, 401);
        assert.equal(events.length, 1);
      }
    }
  }
  const object = { [AUDIENCE]: AUDIENCE };
  const { verifier } = made({ authority: answering(active({ aud: object })) });
  await refused(verifier.verify(TOKEN), "claim.aud");
});

edge("edge_V6_wants_a_bearer_token", async () => {
  for (const type of [undefined, "DPoP", "Refresh", "N_A", "", "Bearer ", null, ["Bearer"]]) {
    for (const allowNoTokenType of [false, true]) {
      const { verifier } = made({
        authority: answering(active({ token_type: type })),
        allowNoTokenType,
      });
      const note = JSON.stringify({ type, allowNoTokenType });
      if (allowNoTokenType && type === undefined) await verifier.verify(TOKEN);
      else await refused(verifier.verify(TOKEN), "claim.token_type", note);
    }
  }
  for (const cnf of [{ jkt: "x" }, { "x5t#S256": "x" }, {}, null]) {
    const { verifier } = made({ authority: answering(active({ cnf })) });
    await refused(verifier.verify(TOKEN), "token.bound", JSON.stringify(cnf));
  }
});

edge("edge_V301_wants_the_issuer_and_texts_where_they_are_there", async () => {
  for (const [more, code] of [
    [{ iss: "https://other.example" }, "claim.iss"],
    [{ iss: null }, "claim.iss"],
    [{ iss: [ISSUER] }, "claim.iss"],
    [{ sub: 7 }, "claim.sub"],
    [{ jti: {} }, "claim.jti"],
    [{ sid: false }, "claim.sid"],
    [{ client_id: null }, "claim.client_id"],
  ] as const) {
    const { verifier, authority } = made({ authority: answering(active(more)) });
    await refused(verifier.verify(TOKEN), code, JSON.stringify(more));
    await refused(verifier.verify(TOKEN), code, JSON.stringify(more));
    assert.equal(authority.calls, 1, "one bad token costs one call");
  }
});

edge("edge_V7_judges_the_dates_of_an_answer", async () => {
  for (const [more, code] of [
    [{ exp: NOW }, "token.expired"],
    [{ exp: String(NOW + 900) }, "claim.exp"],
    [{ exp: null }, "claim.exp"],
    [{ exp: 1e17 }, "claim.exp"],
    [{ nbf: NOW + 1 }, "token.not_yet_valid"],
    [{ nbf: "x" }, "claim.nbf"],
    [{ iat: [] }, "claim.iat"],
  ] as const) {
    const { verifier } = made({ authority: answering(active(more)) });
    await refused(verifier.verify(TOKEN), code, JSON.stringify(more));
  }
  const authority = new Authority();
  authority.answer = () => {
    const text = JSON.stringify(active({ exp: 0 })).replace('"exp":0', '"exp":1e999');
    return new Response(text);
  };
  await refused(made({ authority }).verifier.verify(TOKEN), "introspection.malformed");
  const young = made({
    authority: answering(active({ iat: NOW - 61 })),
    verifier: { maxTokenAge: 60 },
  });
  await refused(young.verifier.verify(TOKEN), "token.expired");
  const dateless = answering(active({ iat: undefined }));
  const undated = made({ authority: dateless, verifier: { maxTokenAge: 60 } });
  await refused(undated.verifier.verify(TOKEN), "claim.iat");
  await refused(undated.verifier.verify(TOKEN), "claim.iat");
  assert.equal(dateless.calls, 1);
});

edge("edge_V7_takes_a_token_the_moment_that_it_becomes_valid", async () => {
  const { verifier, clock } = made({ authority: answering(active({ nbf: NOW + 1 })) });
  await refused(verifier.verify(TOKEN), "token.not_yet_valid");
  clock.forward(1);
  await verifier.verify(TOKEN);
});

edge("edge_V8_believes_no_answer_past_its_exp_or_the_ttl", async () => {
  for (const [options, seconds] of [
    [{}, 30],
    [{ cacheTtl: 5 }, 5],
    [{ cacheTtl: 300 }, 300],
    [{ cacheTtl: 0 }, 0],
    [{ authority: answering(active({ exp: NOW + 7 })) }, 7],
    [{ authority: answering(active({ exp: NOW + 7 })), verifier: { clockTolerance: 60 } }, 7],
    [{ cacheTtl: 5, authority: answering(active({ exp: NOW + 7 })) }, 5],
    [{ verifier: { clockTolerance: 600 } }, 30],
    [{ verifier: { maxTokenAge: 12, clockTolerance: 0 } }, 12],
    [{ cacheSize: 0 }, 0],
  ] as const) {
    const { verifier, authority, clock } = made(options);
    const first = await verifier.verify(TOKEN);
    assert.equal(first.cached, false);
    if (seconds > 0) {
      clock.forward(seconds - 0.001);
      const again = await verifier.verify(TOKEN);
      assert.deepEqual([again.cached, authority.calls], [true, 1], String(seconds));
      assert.deepEqual(again.keys, {
        source: "memory",
        ageMs: Math.round(seconds * 1000 - 1),
        stale: false,
      });
      assert.deepEqual(again.claims, first.claims);
      clock.forward(0.002);
    }
    await verifier.verify(TOKEN).catch(() => undefined);
    assert.equal(authority.calls, 2, String(seconds));
  }
});

edge("edge_V8_counts_the_ttl_from_when_the_call_began", async () => {
  const { verifier, authority, clock } = made();
  authority.answer = () => {
    clock.forward(4);
    return Response.json(active());
  };
  await verifier.verify(TOKEN);
  clock.forward(25.9);
  assert.equal((await verifier.verify(TOKEN)).cached, true);
  clock.forward(0.2);
  assert.equal((await verifier.verify(TOKEN)).cached, false);
});

edge("edge_V8_believes_no_answer_longer_because_the_clock_was_put_back", async () => {
  const { verifier, authority, clock } = made();
  await verifier.verify(TOKEN);
  clock.forward(-3_600);
  assert.equal((await verifier.verify(TOKEN)).cached, false, "it was put back since");
  authority.answer = () => {
    clock.forward(-3_600);
    return Response.json(active());
  };
  await verifier.verify("another-token");
  authority.answer = () => Response.json({ active: false });
  clock.forward(30);
  await refused(verifier.verify("another-token"), "token.inactive", "it was while a call ran");
});

edge("edge_V9_a_thousand_random_tokens_take_no_room_from_the_good_ones", async () => {
  const { verifier, authority } = made();
  authority.answer = (_, form) =>
    Response.json(form.get("token") === TOKEN ? active() : { active: false });
  await verifier.verify(TOKEN);
  const tokens = Array.from({ length: 2_000 }, (_, place) => `random-token-${place}`);
  for (const token of tokens) await refused(verifier.verify(token), "token.inactive");
  assert.equal(authority.calls, 2_001);
  // The last thousand are remembered, and the good one is still there.
  for (const token of tokens.slice(1_000)) await refused(verifier.verify(token), "token.inactive");
  assert.equal((await verifier.verify(TOKEN)).cached, true);
  assert.equal(authority.calls, 2_001);
  await refused(verifier.verify("random-token-0"), "token.inactive");
  assert.equal(authority.calls, 2_002);
});

edge("edge_V9_remembers_no_long_answer_that_a_user_may_have_written", async () => {
  for (const [length, calls] of [
    [15_000, 1],
    [17_000, 2],
  ] as const) {
    const { verifier, authority } = made({
      authority: answering(active({ nickname: "x".repeat(length) })),
    });
    await verifier.verify(TOKEN);
    await verifier.verify(TOKEN);
    assert.equal(authority.calls, calls);
  }
  // What it says counts all the same: an earlier answer is over.
  const { verifier, authority } = made();
  await verifier.verify(TOKEN);
  authority.answer = () => Response.json({ active: false, why: "x".repeat(17_000) });
  await refused(verifier.authenticate(request(TOKEN), { fresh: true }), "token.inactive");
  await refused(verifier.verify(TOKEN), "token.inactive");
  assert.equal(authority.calls, 3);
});

edge("edge_V9_bounds_the_calls_that_are_under_way", async () => {
  const { verifier, authority, heard, clock } = made({ maxConcurrent: 3 });
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  authority.answer = async () => {
    await gate;
    return Response.json(active());
  };
  const tokens = Array.from({ length: 10 }, (_, place) => `random-token-${place}`);
  const outcomes = tokens.map((token) =>
    verifier.verify(token).then(
      () => "in",
      (error) => `${error.code} ${error.status} ${error.response().headers.get("Retry-After")}`,
    ),
  );
  await until(() => heard.length === 7 && authority.calls === 3);
  release();
  const ends = await Promise.all(outcomes);
  assert.deepEqual(ends.slice(0, 3), ["in", "in", "in"]);
  assert.deepEqual(new Set(ends.slice(3)), new Set(["introspection.busy 503 1"]));
  // Nothing of it stays.
  for (const token of tokens) await verifier.verify(token);
  // Calls that never end, as those of cancelled requests, count for a while only.
  authority.answer = () => new Promise(() => undefined);
  for (const token of ["lost-1-token", "lost-2-token", "lost-3-token"])
    verifier.verify(token).catch(() => undefined);
  await until(() => authority.calls === 13);
  await refused(verifier.verify("another-token"), "introspection.busy");
  authority.answer = () => Response.json(active());
  clock.forward(21);
  await verifier.verify("another-token");
});

const FAULTS: readonly (readonly [what: string, page: Page, code: string, status: number])[] = [
  ["down", () => Promise.reject(new TypeError("fetch failed")), "unreachable", 503],
  ["500", () => new Response("no", { status: 500 }), "unreachable", 503],
  ["404", () => Response.json(active(), { status: 404 }), "unreachable", 503],
  ["429", () => new Response(null, { status: 429 }), "unreachable", 503],
  ["204", () => new Response(null, { status: 204 }), "unreachable", 503],
  [
    "a redirect",
    () => new Response(null, { status: 302, headers: { Location: "https://evil.example/" } }),
    "unreachable",
    503,
  ],
  ["HTML", () => new Response("<!doctype html><p>Sign in</p>"), "malformed", 503],
  ["a JWT", () => new Response("eyJ.eyJ.sig"), "malformed", 503],
  ["2 MB", () => new Response(" ".repeat(2_000_000)), "too_large", 503],
  ["2 MB of JSON", () => Response.json(active({ more: "x".repeat(2_000_000) })), "too_large", 503],
  ["401", () => new Response(null, { status: 401 }), "unauthorized", 500],
  ["403", () => new Response("no", { status: 403 }), "unauthorized", 500],
];

edge("edge_V10_leaves_an_endpoint_alone_that_fails_and_lets_one_probe_a_step", async () => {
  for (const [what, page, code, status] of FAULTS) {
    const { verifier, authority, clock, heard } = made();
    authority.answer = page;
    const calls: number[] = [];
    let last = 0;
    for (let quarter = 0; quarter < 4 * 130; quarter += 1) {
      const tokens = [1, 2].map((place) => `token-${quarter}-${place}`);
      for (const token of tokens) {
        const error = await refused(verifier.verify(token), `introspection.${code}`, what);
        assert.equal(error.status, status, what);
        const wait = error.response().headers.get("Retry-After");
        if (status === 503) assert.ok(Number(wait) >= 1 && Number(wait) <= 30, `${what}: ${wait}`);
      }
      if (authority.calls > last) calls.push(quarter / 4);
      assert.ok(authority.calls - last <= 1, `${what}: one probe a step`);
      last = authority.calls;
      clock.forward(0.25);
    }
    assert.deepEqual(calls, [0, 1, 3, 7, 15, 31, 61, 91, 121], what);
    assert.ok(heard.some((event) => event.code === `introspection.${code}`));
    // The first good answer ends it.
    authority.answer = () => Response.json(active());
    clock.forward(30);
    await verifier.verify("a-good-token");
    await verifier.verify("another-good-token");
  }
});

edge("edge_V10_calls_that_fail_together_are_one_step", async () => {
  const { verifier, authority, clock } = made();
  const gates: (() => void)[] = [];
  authority.answer = () =>
    new Promise((resolve) => gates.push(() => resolve(new Response(null, { status: 500 }))));
  const calls = [1, 2, 3, 4, 5].map((place) =>
    refused(verifier.verify(`a-token-${place}`), "introspection.unreachable"),
  );
  await until(() => gates.length === 5);
  for (const gate of gates) gate();
  await Promise.all(calls);
  authority.answer = () => Response.json(active());
  clock.forward(1);
  await verifier.verify(TOKEN);
});

edge("edge_V10_one_probe_at_a_time_however_long_it_takes", async () => {
  const { verifier, authority, clock } = made();
  authority.answer = () => new Response(null, { status: 500 });
  await refused(verifier.verify(TOKEN), "introspection.unreachable");
  clock.forward(1);
  let end: (answer: Response) => void = () => undefined;
  authority.answer = () =>
    new Promise((resolve) => {
      end = resolve;
    });
  const probe = verifier.verify("the-probe-token");
  await until(() => authority.calls === 2);
  clock.forward(4);
  await refused(verifier.verify("another-token"), "introspection.unreachable");
  assert.equal(authority.calls, 2);
  end(Response.json(active()));
  await probe;
  authority.answer = () => Response.json(active());
  await verifier.verify("another-token");
});

edge("edge_V10_ends_a_call_in_time", async () => {
  for (const page of [
    () => new Promise<Response>(() => undefined),
    () => new Response(new ReadableStream({})),
  ]) {
    const authority = new Authority();
    authority.answer = page;
    const { verifier } = made({ authority, timeout: 30 });
    const error = await refused(verifier.verify(TOKEN), "introspection.timeout");
    assert.equal(error.status, 503);
  }
});

edge("edge_V10_goes_on_with_what_it_remembers_and_forgets_no_error_too_late", async () => {
  const { verifier, authority, clock } = made();
  await verifier.verify(TOKEN);
  authority.answer = () => new Response(null, { status: 500 });
  await refused(verifier.verify("another-token"), "introspection.unreachable");
  assert.equal((await verifier.verify(TOKEN)).cached, true);
  // A clock that is put back makes the rest no longer.
  authority.answer = () => Response.json(active());
  clock.forward(-86_400);
  await verifier.verify("another-token");
});

edge("edge_V302_an_answer_of_400_is_about_one_token", async () => {
  const { verifier, authority } = made();
  authority.answer = (_, form) =>
    form.get("token") === TOKEN
      ? Response.json({ error: "unsupported_token_type" }, { status: 400 })
      : Response.json(active());
  for (let time = 0; time < 3; time += 1) {
    const error = await refused(verifier.verify(TOKEN), "introspection.refused");
    assert.equal(error.status, 503);
    await verifier.verify(`another-token-${time}`);
  }
});

edge("edge_V11_tells_that_the_issuer_does_not_know_the_client", async () => {
  for (const status of [401, 403]) {
    const { verifier, authority, heard } = made();
    authority.answer = () => Response.json({ error: "invalid_client" }, { status });
    const error = await refused(verifier.verify(TOKEN), "introspection.unauthorized");
    assert.deepEqual([error.status, error.category], [500, "config"]);
    assert.equal(error.challenge(), null);
    const { outcome, code } = heard[0] ?? assert.fail();
    assert.deepEqual([outcome, code], ["failed", "introspection.unauthorized"]);
  }
});

async function signedAnswer(
  payload: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  pair?: KeyPair,
): Promise<string> {
  return sign(
    { iss: ISSUER, aud: "api", iat: NOW, token_introspection: active(), ...payload },
    { typ: "token-introspection+jwt", ...header },
    pair,
  );
}

const KEYS = `${ISSUER}/keys`;

/** An authority of signed answers, with a document and keys. */
async function signing(answer: () => string | Promise<string>): Promise<Authority> {
  const authority = new Authority();
  const { jwk } = await keyPair();
  authority.answer = async (url) => {
    if (url === ENDPOINT) return new Response(await answer());
    if (url === KEYS) return Response.json({ keys: [jwk] });
    if (url === `${ISSUER}/.well-known/openid-configuration`)
      return Response.json({ issuer: ISSUER, jwks_uri: KEYS, introspection_endpoint: ENDPOINT });
    return new Response(null, { status: 404 });
  };
  return authority;
}

edge("edge_V12_takes_signed_answers", async () => {
  for (const jwksUri of [undefined, KEYS]) {
    const authority = await signing(() => signedAnswer());
    const { verifier, clock } = made({
      authority,
      answer: { jwt: { algorithms: ["ES256"], ...(jwksUri && { jwksUri }) } },
      verifier: { jwks: { fetch: authority.fetch } },
    });
    const auth = await verifier.verify(TOKEN);
    assert.deepEqual(auth.claims, active());
    const asked = authority.asked.find(({ url }) => url === ENDPOINT);
    const accept = new Headers(asked?.init.headers).get("Accept");
    assert.equal(accept, "application/token-introspection+jwt");
    assert.equal((await verifier.verify(TOKEN)).cached, true);
    const before = authority.calls;
    clock.forward(31);
    await verifier.verify(TOKEN);
    assert.equal(authority.calls, before + 1, "keys and metadata are remembered");
  }
  const inactive = await signing(() => signedAnswer({ token_introspection: { active: false } }));
  const { verifier } = made({
    authority: inactive,
    answer: { jwt: { algorithms: ["ES256"] } },
    verifier: { jwks: { fetch: inactive.fetch } },
  });
  await refused(verifier.verify(TOKEN), "token.inactive");
});

edge("edge_V12_refuses_every_other_answer_where_it_wants_signed_ones", async () => {
  const other = await keyPair("ES256", "k2");
  const impostor = { ...other, kid: "k1" };
  const bad: readonly (readonly [what: string, answer: () => string | Promise<string>])[] = [
    ["plain JSON", () => JSON.stringify(active())],
    ["an access token", () => signedAnswer({}, { typ: "at+jwt" })],
    ["no typ", () => signedAnswer({}, { typ: undefined })],
    ["typ JWT", () => signedAnswer({}, { typ: "JWT" })],
    ["another client", () => signedAnswer({ aud: "another" })],
    ["no aud", () => signedAnswer({ aud: undefined })],
    ["another issuer", () => signedAnswer({ iss: "https://other.example" })],
    ["no issuer", () => signedAnswer({ iss: undefined })],
    ["another key", () => signedAnswer({}, {}, impostor)],
    ["an unknown key", () => signedAnswer({}, {}, other)],
    ["an old one", () => signedAnswer({ iat: NOW - 301 })],
    ["one to come", () => signedAnswer({ iat: NOW + 1 })],
    ["no iat", () => signedAnswer({ iat: undefined })],
    ["an expired one", () => signedAnswer({ exp: NOW })],
    ["nothing in it", () => signedAnswer({ token_introspection: undefined })],
    ["a text in it", () => signedAnswer({ token_introspection: "active" })],
    ["a list in it", () => signedAnswer({ token_introspection: [active()] })],
    ["the answer itself", () => signedAnswer({ ...active(), token_introspection: undefined })],
    ["active as a text", () => signedAnswer({ token_introspection: active({ active: "true" }) })],
    [
      "alg none",
      () =>
        `${base64url('{"alg":"none","typ":"token-introspection+jwt"}')}.${base64url(
          JSON.stringify({ iss: ISSUER, aud: "api", iat: NOW, token_introspection: active() }),
        )}.AA`,
    ],
  ];
  for (const [what, answer] of bad) {
    const authority = await signing(answer);
    const { verifier } = made({
      authority,
      answer: { jwt: { algorithms: ["ES256"] } },
      verifier: { jwks: { fetch: authority.fetch } },
    });
    const error = await refused(verifier.verify(TOKEN), "introspection.malformed", what);
    assert.equal(error.status, 503);
  }
  // And where it wants plain ones, no signed one.
  const authority = await signing(() => signedAnswer());
  await refused(made({ authority }).verifier.verify(TOKEN), "introspection.malformed");
});

edge("edge_V12_says_that_the_keys_of_signed_answers_can_not_be_had", async () => {
  const authority = await signing(() => signedAnswer());
  const { answer } = authority;
  authority.answer = (url, form) =>
    url === KEYS ? new Response(null, { status: 500 }) : answer(url, form);
  const { verifier } = made({
    authority,
    answer: { jwt: { algorithms: ["ES256"], jwksUri: KEYS } },
    verifier: { jwks: { fetch: authority.fetch } },
  });
  const error = await refused(verifier.verify(TOKEN), "jwks.unreachable");
  assert.equal(error.status, 503);
});

edge("edge_V13_no_jwt_causes_a_call_however_bad_it_is", async () => {
  const { verifier, authority } = made({ verifier: { issuers: await jwtIssuer() } });
  const good = await sign();
  const [header = "", payload = "", signature = ""] = good.split(".");
  await verifier.verify(good);
  for (const token of [
    `${header}.${payload}.`,
    `${header}..${signature}`,
    `${header}.${payload}.${signature}x`,
    `${header}.${payload}=.${signature}`,
    `${header}.!.${signature}`,
    `${header}x.${payload}.${signature}`,
    `ey.${payload}.${signature}`,
    `${base64url('{\n"alg":"none"}')}.${payload}.${signature}`,
    `${header}.${payload}.${signature}.${payload}.${signature}`,
    `${header}....`,
    await sign(claims({ exp: NOW })),
    await sign(claims({ iss: "https://other.example" })),
    await sign(claims({ aud: "https://other.example" })),
    await sign(claims(), { typ: "other" }),
    await sign(claims(), {}, await keyPair("ES256", "k2")),
    await sign(claims(), {}, await keyPair("RS256", "k3")),
    "short",
    "a".repeat(4_097),
    "with space in it",
    "caf\u00e9caf\u00e9",
    "percent%20percent",
    "==========",
    "",
    "a".repeat(20_000),
  ]) {
    await refusal(verifier.verify(token));
    assert.equal(authority.calls, 0, token.slice(0, 80));
  }
});

edge("edge_V300_without_the_option_an_opaque_token_is_malformed", async () => {
  const verifier = createVerifier({ issuers: await jwtIssuer(), clock: new Clock().read });
  for (const token of [TOKEN, "opaque.token.parts", "a.b.c.d.e.f.g"]) {
    await refused(verifier.verify(token), "token.malformed");
  }
  misconfigured(() => createVerifier({ issuers: [] }));
  const { verifier: asking, authority } = made();
  for (const token of [TOKEN, "opaque.token.parts", "a.b.c.d.e.f.g", "eyJ.two-parts", "a+b/c~d=="])
    await asking.verify(token);
  assert.deepEqual(
    authority.asked.map(({ token }) => token),
    [TOKEN, "opaque.token.parts", "a.b.c.d.e.f.g", "eyJ.two-parts", "a+b/c~d=="],
  );
});

edge("edge_V14_fresh_asks_again_and_refuses_what_the_memory_would_let_in", async () => {
  const { verifier, authority, clock } = made();
  const fresh = { fresh: true };
  await verifier.authenticate(request(TOKEN));
  await verifier.authenticate(request(TOKEN), fresh);
  assert.equal(authority.calls, 2);
  assert.equal((await verifier.authenticate(request(TOKEN))).cached, true);
  authority.answer = () => Response.json({ active: false });
  assert.equal((await verifier.authenticate(request(TOKEN), { fresh: false })).cached, true);
  await refused(verifier.authenticate(request(TOKEN), fresh), "token.inactive");
  assert.equal(authority.calls, 3);
  // What was learnt holds for all from now on, also when it is forgotten again.
  await refused(verifier.authenticate(request(TOKEN)), "token.inactive");
  assert.equal(authority.calls, 3);
  clock.forward(10);
  await refused(verifier.authenticate(request(TOKEN)), "token.inactive");
  assert.equal(authority.calls, 4);
  authority.answer = () => Response.json(active());
  await verifier.authenticate(request(TOKEN), fresh);
  assert.equal((await verifier.authenticate(request(TOKEN))).cached, true);
});

edge("edge_V14_fresh_asks_about_a_jwt_after_it_was_verified", async () => {
  const other = "https://other.example";
  const { verifier, authority, events } = made({
    verifier: { issuers: [await jwtIssuer(), await jwtIssuer({ issuer: other })] },
  });
  const fresh = { fresh: true };
  const good = await sign();
  for (let time = 1; time <= 2; time += 1) {
    const auth = await verifier.authenticate(request(good), fresh);
    assert.deepEqual([auth.key.alg, auth.claims.jti], ["ES256", "t1"]);
    assert.equal(authority.calls, time);
  }
  assert.equal(authority.asked[0]?.token, good);
  for (const bad of [await sign(claims({ exp: NOW })), `${good}x`])
    await refusal(verifier.authenticate(request(bad), fresh));
  assert.equal(authority.calls, 2);
  // It would tell one issuer the tokens of another one.
  const foreign = await sign(claims({ iss: other }));
  await verifier.authenticate(request(foreign));
  const error = await refused(verifier.authenticate(request(foreign), fresh), "policy.fresh");
  assert.deepEqual([error.status, authority.calls], [403, 2]);
  authority.answer = () => Response.json({ active: false });
  await refused(verifier.authenticate(request(good), fresh), "token.inactive");
  const last = { type: "refused", code: "token.inactive", category: "token" };
  assert.deepEqual(events.at(-1), { ...last, issuer: ISSUER, tenant: null });
  await verifier.authenticate(request(good));
  authority.answer = () => new Response(null, { status: 500 });
  await refused(verifier.authenticate(request(good), fresh), "introspection.unreachable");
});

edge("edge_V14_fresh_refuses_where_nobody_can_be_asked", async () => {
  const verifier = createVerifier({ issuers: await jwtIssuer(), clock: new Clock().read });
  const error = await refused(
    verifier.authenticate(request(await sign()), { fresh: true }),
    "config_invalid",
  );
  assert.equal(error.status, 500);
  const { verifier: asking } = made();
  const auth = await asking.verify(TOKEN);
  await asking.authorize(auth, { scopes: ["read"] });
  await refused(asking.authorize(auth, { fresh: true }), "policy.fresh");
  for (const fresh of ["true", 1, null, {}])
    await refused(
      asking.authenticate(request(TOKEN), { fresh: fresh as boolean }),
      "config_invalid",
    );
  const inherited = Object.create({ fresh: true });
  await refused(asking.authenticate(request(TOKEN), inherited), "config_invalid");
});

edge("edge_V15_revocation_check_and_policies_hold_as_for_a_jwt", async () => {
  const { clock } = made();
  const revocation = memoryRevocation({ clock: clock.read });
  const seen: unknown[] = [];
  let isGood = true;
  const { verifier, authority, events } = made({
    authority: answering(active({ jti: "j1", sid: "s1" })),
    tenant: "acme",
    verifier: {
      revocation,
      check: (claims, header) => (seen.push([claims.sub, header.alg]), isGood),
    },
  });
  await verifier.verify(TOKEN);
  await verifier.verify(TOKEN);
  assert.deepEqual(seen, [
    ["alice", ""],
    ["alice", ""],
  ]);
  isGood = false;
  await refused(verifier.verify(TOKEN), "claim.custom");
  isGood = true;
  await refused(verifier.authenticate(request(TOKEN), { scopes: ["admin"] }), "policy.scope");
  await refused(
    verifier.authenticate(request(TOKEN), { audience: "https://other.example" }),
    "policy.audience",
  );
  await revocation.revokeSession(ISSUER, "s1", 60);
  await refused(verifier.verify(TOKEN), "token.revoked");
  const last = { type: "refused", code: "token.revoked", category: "token" };
  assert.deepEqual(events.at(-1), { ...last, issuer: ISSUER, tenant: "acme" });
  assert.equal(authority.calls, 1);
  const wanting = made({ verifier: { requiredClaims: ["jti"] } });
  await refused(wanting.verifier.verify(TOKEN), "claim.jti");
});

edge("edge_V15_hands_on_and_explains_as_for_a_jwt", async () => {
  const { verifier, authority } = made();
  const guarded = verifier.guard((request) => Response.json(request.headers.get("X-User")), {
    forward: { "X-User": "sub" },
  });
  const context = { waitUntil: () => undefined };
  const answer = await guarded(request(TOKEN), {}, context);
  assert.equal(await answer.json(), "alice");
  const inactive = { outcome: () => Response.json({ active: false }) };
  assert.deepEqual(await verifier.explain(TOKEN), [
    { check: "introspection", ok: true },
    { check: "revocation and check", ok: true },
  ]);
  authority.answer = inactive.outcome;
  assert.deepEqual(await verifier.explain("another-token"), [
    { check: "introspection", ok: false, detail: "token.inactive" },
  ]);
});

edge("edge_V16_tells_nothing_of_the_token", async () => {
  const secret = CLIENT.auth.secret;
  const pages: Page[] = [
    ...FAULTS.map(([, page]) => page),
    () => Response.json({ active: false }),
    () => Response.json(active()),
    () => Response.json(active({ aud: TOKEN })),
    () => Response.json(active({ active: TOKEN })),
    () => new Response(TOKEN),
    () => Response.json({ error: TOKEN }, { status: 400 }),
    () => Promise.reject(new Error("no route")),
  ];
  for (const page of pages) {
    const authority = new Authority();
    authority.answer = page;
    const { verifier, events, heard } = made({ authority });
    const error = await verifier.verify(TOKEN).then(
      () => null,
      (cause: unknown) => cause as Error,
    );
    const causes: unknown[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      causes.push(String(cause.stack), cause.message, JSON.stringify(cause));
    const told = JSON.stringify([causes, events, heard, authority.asked.map(({ url }) => url)]);
    assert.ok(!told.includes(TOKEN) && !told.includes(secret) && !told.includes(btoa(secret)));
    for (const { url, init } of authority.asked) {
      assert.ok(!url.includes(TOKEN));
      assert.ok(!JSON.stringify([...new Headers(init.headers)]).includes(TOKEN));
    }
  }
});

edge("edge_V303_finds_the_endpoint_in_the_issuers_metadata", async () => {
  const documents = [
    `${ISSUER}/.well-known/openid-configuration`,
    `${ISSUER}/.well-known/oauth-authorization-server`,
  ];
  for (const place of [0, 1]) {
    const authority = new Authority();
    let endpoint = ENDPOINT;
    let isDown = false;
    authority.answer = (url) => {
      if (url === endpoint) return Response.json(active({ exp: NOW + 9_000 }));
      return url === documents[place] && !isDown
        ? Response.json({ issuer: ISSUER, introspection_endpoint: endpoint })
        : new Response(null, { status: 404 });
    };
    const { verifier, clock } = made({ authority, endpoint: undefined as never });
    await verifier.verify(TOKEN);
    assert.deepEqual(
      authority.asked.map(({ url }) => url),
      [...documents.slice(0, place + 1), ENDPOINT],
    );
    await verifier.verify("another-token");
    assert.equal(authority.asked.at(-1)?.url, ENDPOINT);
    assert.equal(authority.calls, place + 3, "the document is remembered");
    // A known address goes on working.
    isDown = true;
    clock.forward(3_601);
    await verifier.verify("a-third-token");
    // One that has moved is found again.
    isDown = false;
    endpoint = `${ISSUER}/moved`;
    await refused(verifier.verify("a-fourth-token"), "introspection.unreachable");
    clock.forward(1);
    await verifier.verify("a-fourth-token");
  }
});

edge("edge_V303_takes_no_endpoint_from_a_document_that_is_not_the_issuers", async () => {
  const at = (document: unknown, text?: string) => {
    const authority = new Authority();
    authority.answer = (url) =>
      url === ENDPOINT ? Response.json(active()) : new Response(text ?? JSON.stringify(document));
    return authority;
  };
  const good = { issuer: ISSUER, introspection_endpoint: ENDPOINT };
  for (const [what, authority, code] of [
    ["another issuer", at({ ...good, issuer: `${ISSUER}/` }), "discovery.mismatch"],
    ["no issuer", at({ introspection_endpoint: ENDPOINT }), "discovery.mismatch"],
    ["null", at(null), "discovery.mismatch"],
    ["HTML", at(null, "<p>"), "discovery.malformed"],
    ["no endpoint", at({ issuer: ISSUER }), "config_invalid"],
    ["http", at({ ...good, introspection_endpoint: "http://a.example/" }), "config_invalid"],
    [
      "user info",
      at({ ...good, introspection_endpoint: "https://a:b@a.example" }),
      "config_invalid",
    ],
    ["no address", at({ ...good, introspection_endpoint: 7 }), "config_invalid"],
  ] as const) {
    const { verifier } = made({ authority, endpoint: undefined as never });
    await refused(verifier.verify(TOKEN), code, what);
    assert.ok(!authority.asked.some(({ url }) => url === ENDPOINT), what);
  }
  // Who shows a certificate asks at another address, to which the same rules apply.
  const client = { id: "api", auth: { method: "tls_client_auth" } } as const;
  for (const alias of ["http://mtls.example/", "https://a:b@mtls.example/", 7]) {
    const authority = at({ ...good, mtls_endpoint_aliases: { introspection_endpoint: alias } });
    const { verifier } = made({ authority, client, endpoint: undefined as never });
    await refused(verifier.verify(TOKEN), "config_invalid", String(alias));
    assert.equal(authority.calls, 1, "the document alone");
  }
});

edge("edge_V304_refuses_options_that_could_never_be_right", async () => {
  const odd: readonly Record<string, unknown>[] = [
    { issuer: "" },
    { issuer: 7 },
    { audience: [] },
    { audience: "" },
    { audience: [""] },
    { audience: null, verifier: { check: () => true } },
    { endpoint: "http://issuer.example/introspect" },
    { endpoint: "introspect" },
    { endpoint: "https://a:b@issuer.example" },
    { endpoint: undefined, issuer: "my-issuer" },
    { client: undefined },
    { client: { id: "", auth: CLIENT.auth } },
    { client: { id: "api" } },
    { client: { id: "api", auth: { method: "none" } } },
    { answer: "jwt" },
    { answer: null },
    { answer: { jwt: {} } },
    { answer: { jwt: { algorithms: [] } } },
    { answer: { jwt: { algorithms: ["HS256"] } } },
    { answer: { jwt: { algorithms: ["ES256"], jwksUri: "http://issuer.example" } } },
    { answer: { jwt: { algorithms: ["ES256"], keys: [] } } },
    { answer: { jws: { algorithms: ["ES256"] } } },
    { cacheTtl: 301 },
    { cacheTtl: -1 },
    { cacheTtl: Number.NaN },
    { cacheSize: -1 },
    { cacheSize: 1.5 },
    { maxConcurrent: 0 },
    { timeout: 0 },
    { timeout: "1" },
    { tenant: "" },
    { fetch: "fetch" },
    { onEvent: {} },
    { allowNoAudience: "yes" },
    { allowNoTokenType: 1 },
    { allowNoAudiences: true },
  ];
  for (const options of odd) misconfigured(() => made(options as More), JSON.stringify(options));
  for (const introspector of [{ kind: "introspection" }, {}, null, 7, Object.create({ open() {} })])
    misconfigured(() => made({ verifier: { introspection: introspector as never } }));
  await undefined;
});

edge("edge_V304_nothing_is_an_option_or_an_address_by_a_prototype", async () => {
  const prototype = Object.prototype as Record<string, unknown>;
  const evil = "https://evil.example/introspect";
  const planted: Record<string, unknown> = {
    introspection_endpoint: evil,
    mtls_endpoint_aliases: { introspection_endpoint: evil },
    jwks_uri: evil,
    endpoint: evil,
    allowNoAudience: true,
    allowNoTokenType: true,
    active: true,
    aud: AUDIENCE,
    token_type: "Bearer",
    token_introspection: active(),
    fresh: true,
  };
  const authority = new Authority();
  authority.answer = (url) =>
    url === evil ? Response.json(active()) : Response.json({ issuer: ISSUER });
  const empty = answering({});
  const unsigned = await signing(() => signedAnswer({ token_introspection: undefined }));
  Object.assign(prototype, planted);
  try {
    for (const auth of [CLIENT.auth, { method: "tls_client_auth" } as const]) {
      const found = made({ authority, endpoint: undefined as never, client: { id: "api", auth } });
      await refused(found.verifier.verify(TOKEN), "config_invalid");
    }
    await refused(made({ authority: empty }).verifier.verify(TOKEN), "introspection.malformed");
    const signed = made({
      authority: unsigned,
      answer: { jwt: { algorithms: ["ES256"], jwksUri: KEYS } },
      endpoint: ENDPOINT,
      verifier: { jwks: { fetch: unsigned.fetch } },
    });
    await refused(signed.verifier.verify(TOKEN), "introspection.malformed");
  } finally {
    for (const name of Object.keys(planted)) delete prototype[name];
  }
  assert.ok(![...authority.asked, ...unsigned.asked].some(({ url }) => url === evil));
});

edge("edge_V304_options_count_as_they_stood_when_they_were_given", async () => {
  const authority = new Authority();
  const options: IntrospectionOptions = {
    issuer: ISSUER,
    audience: AUDIENCE,
    endpoint: ENDPOINT,
    client: CLIENT,
    fetch: authority.fetch,
  };
  const introspector = introspection(options);
  options.audience = "https://other.example";
  options.endpoint = "https://evil.example";
  const clock = new Clock().read;
  const verifiers = [1, 2].map(() =>
    createVerifier({ issuers: [], clock, introspection: introspector }),
  );
  for (const verifier of verifiers) await verifier.verify(TOKEN);
  assert.deepEqual(
    authority.asked.map(({ url }) => url),
    [ENDPOINT, ENDPOINT],
    "each verifier asks for itself",
  );
});

edge("edge_V305_a_late_answer_takes_no_place_of_a_newer_one", async () => {
  for (const [first, second] of [
    [active(), { active: false }],
    [{ active: false }, active()],
  ]) {
    const { verifier, authority } = made();
    const gates: ((answer: unknown) => void)[] = [];
    authority.answer = () =>
      new Promise((resolve) => gates.push((answer) => resolve(Response.json(answer))));
    const policy = { fresh: true };
    const older = verifier.authenticate(request(TOKEN), policy).then(
      () => true,
      () => false,
    );
    await until(() => gates.length === 1);
    const newer = verifier.authenticate(request(TOKEN), policy).then(
      () => true,
      () => false,
    );
    await until(() => gates.length === 2);
    gates[1]?.(second);
    assert.equal(await newer, second?.["active"]);
    gates[0]?.(first);
    await older;
    const now = await verifier.authenticate(request(TOKEN)).then(
      () => true,
      () => false,
    );
    assert.equal(now, second?.["active"]);
    assert.equal(gates.length, 2, "it was remembered");
  }
});

edge(
  "edge_V306_one_token_that_many_bring_at_once_costs_one_call_where_promises_are_shared",
  async (context: ExecutionContextLike | null) => {
    for (const [answer, code] of [
      [active(), "in"],
      [{ active: false }, "token.inactive"],
    ] as const) {
      const { verifier, authority } = made({ authority: answering(answer) });
      const outcomes = await Promise.all(
        Array.from({ length: 15 }, () =>
          verifier.verify(TOKEN, context ?? undefined).then(
            ({ claims }) => (assert.equal(claims.sub, "alice"), "in"),
            (error) => error.code,
          ),
        ),
      );
      assert.deepEqual(new Set(outcomes), new Set([code]));
      assert.equal(authority.calls, 1);
      const alone = made({ authority: answering(answer) });
      await Promise.all(
        Array.from({ length: 5 }, () => alone.verifier.verify(TOKEN).catch(() => undefined)),
      );
      // Without a context nobody knows in a Worker whose request it is.
      assert.equal(alone.authority.calls, PROMISES_ARE_SHARED ? 1 : 5);
      const fresh = { fresh: true };
      await Promise.all(
        Array.from({ length: 3 }, () =>
          alone.verifier.authenticate(request(TOKEN), fresh).catch(() => undefined),
        ),
      );
      assert.equal(alone.authority.calls, PROMISES_ARE_SHARED ? 4 : 8);
    }
  },
);

edge("edge_V308_takes_a_bound_opaque_token_with_its_proof_alone", async () => {
  const client = await clientOf();
  const cnf = { jkt: client.jkt };
  for (const type of ["DPoP", "Bearer"]) {
    const { verifier, authority } = made({
      authority: answering(active({ token_type: type, cnf })),
      verifier: { dpop: {} },
    });
    for (let time = 0; time < 2; time += 1) {
      const auth = await verifier.authenticate(await requestBy(client, TOKEN));
      assert.deepEqual(auth.confirmation, cnf);
      assert.equal(auth.proof?.thumbprint, client.jkt);
    }
    await refused(verifier.authenticate(request(TOKEN)), "token.bound");
    await refused(verifier.verify(TOKEN), "token.bound");
    const other = await clientOf("other");
    await refused(verifier.authenticate(await requestBy(other, TOKEN)), "proof.binding");
    assert.equal(authority.calls, 1);
  }
  // A type that promises a key, and no key; and keys that no proof can confirm.
  for (const [more, code] of [
    [{ token_type: "DPoP" }, "claim.token_type"],
    [{ cnf: { "x5t#S256": "x" } }, "claim.cnf"],
    [{ cnf: null }, "claim.cnf"],
  ] as const) {
    const { verifier } = made({
      authority: answering(active(more)),
      verifier: { dpop: {} },
    });
    await refused(verifier.authenticate(request(TOKEN)), code);
  }
  const { verifier } = made({ verifier: { dpop: {} } });
  assert.equal((await verifier.authenticate(request(TOKEN))).confirmation, null);
});

edge("edge_V310_asks_about_no_text_inside_an_encrypted_token", async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const key = { kty: "oct", k: base64url(secret), kid: "e1" };
  const encrypt = (inside: string) =>
    new CompactEncrypt(new TextEncoder().encode(inside))
      .setProtectedHeader({ alg: "A256KW", enc: "A256GCM", cty: "JWT", kid: "e1" })
      .encrypt(secret);
  const { verifier, authority } = made({
    verifier: {
      issuers: await jwtIssuer(),
      encryption: decryption({ keys: [{ key, issuer: ISSUER }], keyManagement: ["A256KW"] }),
    },
  });
  await refused(verifier.verify(await encrypt(TOKEN)), "token.undecryptable");
  assert.equal(authority.calls, 0);
  // The issuer knows the token as it gave it out.
  const good = await encrypt(await sign());
  await verifier.authenticate(request(good), { fresh: true });
  assert.deepEqual(
    authority.asked.map(({ token }) => token),
    [good],
  );
  await verifier.verify(TOKEN);
});

edge("edge_V311_many_tokens_at_once_do_not_mix", async () => {
  const { verifier, authority } = made({
    maxConcurrent: 300,
    verifier: { issuers: await jwtIssuer() },
  });
  const gates: (() => void)[] = [];
  authority.answer = (_, form) => {
    const sub = form.get("token") ?? "";
    const answer = sub.endsWith("7") ? { active: false } : active({ sub });
    return new Promise((resolve) => gates.push(() => resolve(Response.json(answer))));
  };
  const tokens = Array.from({ length: 200 }, (_, place) => `opaque-token-${place}`);
  const jwt = await sign();
  const subjectOf = (token: string) =>
    verifier.verify(token).then(
      ({ claims }) => claims.sub,
      (error) => error.code,
    );
  const first = Promise.all(tokens.map(subjectOf));
  await until(() => gates.length === 200);
  // The last first, with other tokens in between.
  for (const gate of gates.toReversed()) {
    gate();
    await verifier.verify(jwt);
  }
  const expected = tokens.map((token) => (token.endsWith("7") ? "token.inactive" : token));
  assert.deepEqual(await first, expected);
  assert.deepEqual(await Promise.all(tokens.toReversed().map(subjectOf)), expected.toReversed());
  assert.equal(authority.calls, 200);
});
