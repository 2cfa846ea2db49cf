// What an adversary's review found, each as the attack that it was. The groups are those of
// docs/behaviours.md.

import assert from "node:assert/strict";
import {
  createVerifier,
  type JwksStore,
  type KeyValue,
  kvRevocation,
  memoryRevocation,
  type StoredJwks,
} from "tokenkeep/edge";
import {
  AUDIENCE,
  bench,
  Clock,
  claims,
  Endpoint,
  edge,
  ISSUER,
  keyPair,
  NOW,
  refused,
  sign,
  until,
} from "./kit.ts";

const FAR = { exp: 2_000_000_000 };
const revoked = (jti: string) => ({ issuer: ISSUER, jti, sid: null, sub: null, iat: NOW });

/** KV that answers when it is told to, and remembers for how long it was asked to keep what. */
class SlowKv implements KeyValue {
  readonly entries = new Map<string, { text: string; ttl: number }>();
  hold: Promise<void> | null = null;
  reads = 0;
  async get(key: string): Promise<string | null> {
    this.reads += 1;
    const text = this.entries.get(key)?.text ?? null;
    await this.hold;
    return text;
  }
  async put(
    key: string,
    text: string,
    { expirationTtl = Number.NaN }: { expirationTtl?: number } = {},
  ): Promise<void> {
    if (!(expirationTtl >= 60))
      throw new TypeError(`KV takes no expirationTtl of ${expirationTtl}`);
    this.entries.set(key, { text, ttl: expirationTtl });
  }
  async delete(key: string): Promise<void> {
    this.entries.delete(key);
  }
}

edge("edge_H151_compares_azp_only_where_an_id_token_has_several_audiences", async () => {
  const { verifier } = await bench({ profile: "id-token" });
  const verify = async (more: Record<string, unknown>) =>
    verifier.verify(await sign(claims({ jti: JSON.stringify(more), ...more })));
  // Google writes the client of the phone there, and that of the server in `aud`.
  for (const aud of [AUDIENCE, [AUDIENCE]]) {
    for (const azp of [AUDIENCE, "another-client", undefined]) await verify({ aud, azp });
    for (const azp of [1, null, [AUDIENCE], {}]) await refused(verify({ aud, azp }), "claim.azp");
  }
  for (const aud of [
    [AUDIENCE, "another-client"],
    [AUDIENCE, AUDIENCE],
  ]) {
    await verify({ aud, azp: AUDIENCE });
    for (const azp of ["another-client", `${AUDIENCE}/`, "", undefined, 1, null, [AUDIENCE]])
      await refused(verify({ aud, azp }), "claim.azp", JSON.stringify(azp));
  }
});

edge("edge_L95_lets_no_answer_that_was_on_its_way_undo_a_revocation", async () => {
  const kv = new SlowKv();
  const revocation = kvRevocation(kv, { clock: () => NOW * 1000 });
  let release = () => undefined as void;
  kv.hold = new Promise((resolve) => (release = resolve));
  const asked = Promise.resolve(revocation.isRevoked(revoked("t1")));
  // Its read has begun, and found nothing.
  await until(() => kv.reads > 0);
  kv.hold = null;
  await revocation.revokeToken(ISSUER, "t1", NOW + 900);
  release();
  await asked;
  assert.equal(await revocation.isRevoked(revoked("t1")), true);
});

edge("edge_L95_lets_no_second_revocation_end_before_the_first", async () => {
  const clock = new Clock();
  const kv = new SlowKv();
  const stores = [
    kvRevocation(kv, { clock: clock.read, cacheTtl: 0 }),
    memoryRevocation({ clock: clock.read }),
  ];
  for (const store of stores) {
    await store.revokeSession(ISSUER, "s1", 86_400);
    await store.revokeSession(ISSUER, "s1", 60);
    await store.revokeUser(ISSUER, "alice", 86_400);
    await store.revokeUser(ISSUER, "alice", 60);
  }
  assert.deepEqual(
    [...kv.entries.values()].map(({ ttl }) => ttl),
    [86_400, 86_400],
  );
});

edge("edge_L95_forgets_nothing_silently_where_the_time_makes_no_sense", async () => {
  const kv = new SlowKv();
  for (const store of [
    memoryRevocation({ clock: () => NOW * 1000 }),
    kvRevocation(kv, { clock: () => NOW * 1000 }),
  ]) {
    for (const odd of [Number.NaN, Infinity, undefined, null, "900"] as number[]) {
      await refused(store.revokeToken(ISSUER, "t1", odd), "config_invalid", String(odd));
      await refused(store.revokeSession(ISSUER, "s1", odd), "config_invalid", String(odd));
      await refused(store.revokeUser(ISSUER, "alice", odd), "config_invalid", String(odd));
    }
    for (const odd of [undefined, null, 1] as unknown as string[])
      await refused(store.revokeToken(ISSUER, odd, NOW + 900), "config_invalid", String(odd));
  }
  assert.equal(kv.entries.size, 0);
});

edge("edge_L95_remembers_answers_no_longer_when_the_clock_is_set_back", async () => {
  const clock = new Clock();
  const kv = new SlowKv();
  const [here, there] = [
    kvRevocation(kv, { clock: clock.read }),
    kvRevocation(kv, { clock: clock.read }),
  ];
  assert.equal(await here.isRevoked(revoked("t1")), false);
  await there.revokeToken(ISSUER, "t1", NOW + 900);
  clock.forward(-3_600);
  assert.equal(await here.isRevoked(revoked("t1")), true);
});

edge("edge_J79_obeys_max_age_in_isolates_that_got_the_set_from_the_store", async () => {
  const entries = new Map<string, StoredJwks>();
  const store: JwksStore = {
    get: async (key) => entries.get(key) ?? null,
    put: async (key, value) => void entries.set(key, value),
  };
  const endpoint = new Endpoint((await keyPair()).jwk, (await keyPair("ES256", "k2")).jwk);
  endpoint.answer = () =>
    Response.json({ keys: endpoint.keys }, { headers: { "Cache-Control": "max-age=60" } });
  const clockAt = new Clock();
  const [first, second] = [
    await bench({ endpoint, clockAt, jwks: { store } }),
    await bench({ endpoint, clockAt, jwks: { store } }),
  ];
  await first.verifier.verify(await sign(claims(FAR)));
  await until(() => entries.size === 1);
  clockAt.forward(10);
  assert.equal((await second.verifier.verify(await sign(claims(FAR)))).keys.source, "store");
  endpoint.keys = [(await keyPair("ES256", "k2")).jwk];
  clockAt.forward(60);
  await refused(first.verifier.verify(await sign(claims({ ...FAR, jti: "a" }))), "key.unknown");
  await refused(
    second.verifier.verify(await sign(claims({ ...FAR, jti: "b" }))),
    "key.unknown",
    "the key is gone, and the set said 60 s",
  );
});

edge("edge_K84_looks_for_a_new_kid_again_after_the_clock_was_ahead_for_a_while", async () => {
  const { verifier, endpoint, clock } = await bench();
  clock.forward(86_400);
  await verifier.verify(await sign(claims(FAR)));
  clock.forward(-86_400);
  await verifier.verify(await sign(claims({ ...FAR, jti: "a" })));
  const next = await keyPair("ES256", "k2");
  endpoint.keys = [next.jwk];
  clock.forward(60);
  await verifier.verify(await sign(claims(FAR), {}, next));
  await refused(verifier.verify(await sign(claims({ ...FAR, jti: "b" }))), "key.unknown");
});

edge("edge_K86_keeps_no_removed_key_for_as_long_as_the_clock_was_ahead", async () => {
  const { verifier, endpoint, clock } = await bench();
  clock.forward(86_400);
  await verifier.verify(await sign(claims(FAR)));
  clock.forward(-86_400);
  endpoint.keys = [(await keyPair("ES256", "k2")).jwk];
  clock.forward(3_600);
  await refused(verifier.verify(await sign(claims({ ...FAR, jti: "a" }))), "key.unknown");
});

edge("edge_K89_fetches_although_the_store_holds_an_etag_that_no_header_can_carry", async () => {
  for (const etag of ["\u20ac", 'W/"a"\r\nX: y', "a b", ""]) {
    const body = JSON.stringify({ keys: [(await keyPair()).jwk] });
    const store: JwksStore = {
      get: async () => ({ body, fetchedAt: NOW * 1000, etag }),
      put: async () => undefined,
    };
    const endpoint = new Endpoint((await keyPair("ES256", "k2")).jwk);
    // As the platform's fetch does: it makes a request of what it is given.
    const fetch = async (url: string, init: RequestInit) => (
      new Request(url, { headers: init.headers ?? {} }), endpoint.fetch(url, init)
    );
    const { verifier, clock } = await bench({ jwks: { store, fetch } });
    await verifier.verify(await sign(claims(FAR)));
    clock.forward(601);
    await verifier.verify(await sign(claims(FAR), {}, await keyPair("ES256", "k2")));
  }
});

edge("edge_M112_hands_claims_on_with_a_request_whose_body_was_read", async () => {
  const { verifier } = await bench();
  const handler = verifier.guard(
    (request: Request) => new Response(request.headers.get("X-User")),
    { forward: { "X-User": "sub" } },
  );
  const request = new Request("https://api.example/x", {
    method: "POST",
    body: "text",
    headers: { Authorization: `Bearer ${await sign()}`, "X-User": "admin" },
  });
  assert.equal(await request.text(), "text");
  const response = await handler(request, {}, { waitUntil: () => undefined });
  assert.deepEqual([response.status, await response.text()], [200, "alice"]);
});

edge("edge_M300_a_policy_judges_the_verdict_and_no_promise_of_it", async () => {
  const { verifier } = await bench();
  const handler = verifier.guard(() => new Response("in"), { delegation: "forbid" });
  const ask = async (jti: string, more: object = {}, key?: Awaited<ReturnType<typeof keyPair>>) => {
    const token = await sign(claims({ jti, ...more }), { kid: "k1" }, key);
    const headers = { Authorization: `Bearer ${token}` };
    const request = new Request("https://api.example/x", { headers });
    return (await handler(request, {}, { waitUntil: () => undefined })).status;
  };
  // The first one makes the header known, by which the others are verified without a detour.
  assert.equal(await ask("first"), 200);
  assert.equal(await ask("second", { act: { sub: "mallory" } }), 403);
  assert.equal(await ask("third", {}, await keyPair("ES256", "k2")), 401);
  assert.equal(await ask("fourth"), 200);
});

edge("edge_M112_hands_the_body_on", async () => {
  const { verifier } = await bench();
  const handler = verifier.guard(
    async (request: Request) => new Response(`${request.method} ${await request.text()}`),
    {
      forward: { "X-User": "sub" },
    },
  );
  const request = new Request("https://api.example/x", {
    method: "POST",
    body: "text",
    headers: { Authorization: `Bearer ${await sign()}` },
  });
  assert.equal(
    await (await handler(request, {}, { waitUntil: () => undefined })).text(),
    "POST text",
  );
});

edge("edge_M112_is_not_troubled_by_a_listener_that_fails_later", async () => {
  const unhandled: unknown[] = [];
  const note = (event: unknown) => unhandled.push(event);
  const isNode = globalThis.navigator?.userAgent !== "Cloudflare-Workers";
  if (isNode) process.on("unhandledRejection", note);
  else addEventListener("unhandledrejection", note);
  try {
    const { verifier } = await bench({
      onEvent: async () => Promise.reject(new Error("the log is down")),
    });
    await verifier.verify(await sign());
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(unhandled, []);
  } finally {
    if (isNode) process.off("unhandledRejection", note);
    else removeEventListener("unhandledrejection", note);
  }
});

edge("edge_L101_takes_what_a_resolver_gives_for_the_issuer_that_was_asked_for_alone", async () => {
  const { jwk } = await keyPair();
  const known = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwks: { keys: [jwk] },
  };
  const verifier = createVerifier({
    issuers: (name) => (name.startsWith(ISSUER) ? known : null),
    clock: () => NOW * 1000,
  });
  await verifier.verify(await sign());
  await refused(
    verifier.verify(await sign(claims({ iss: `${ISSUER}.evil.example` }))),
    "config_invalid",
  );
});

edge("edge_M_explains_each_token_by_itself_while_others_are_verified", async () => {
  const { verifier } = await bench({
    keys: [(await keyPair()).jwk, (await keyPair("ES256", "k2")).jwk],
  });
  const tokens = [
    await sign(claims({ exp: 1 })),
    await sign(claims({ iss: "https://other.example" })),
    await sign(claims({ aud: "other" }), {}, await keyPair("ES256", "k2")),
    await sign(claims(), { typ: "at+jwt" }),
    await sign(claims(), { kid: "nobody's" }),
  ];
  await verifier.verify(await sign());
  const alone = [];
  for (const token of tokens) alone.push(await verifier.explain(token));
  const together = await Promise.all(
    tokens.map(async (token, place) => {
      const busy = Array.from({ length: 5 }, async (_, more) =>
        verifier.verify(await sign(claims({ jti: `${place}-${more}` }))),
      );
      const findings = await verifier.explain(token);
      await Promise.all(busy);
      return findings;
    }),
  );
  assert.deepEqual(together, alone);
});
