// Group K: the key-set cache, in virtual time.

import assert from "node:assert/strict";
import {
  cacheJwksStore,
  createVerifier,
  type JwksStore,
  kvJwksStore,
  type StoredJwks,
} from "tokenkeep/edge";
import {
  AUDIENCE,
  bench,
  claims,
  Endpoint,
  edge,
  ISSUER,
  keyPair,
  makeKeyPair,
  NOW,
  PROMISES_ARE_SHARED,
  refused,
  Shelf,
  sign,
  until,
} from "./kit.ts";

const FAR = { exp: 2_000_000_000 };
let serial = 0;
/** A token that no cache of results knows. */
const fresh = async (kid = "k1") =>
  sign(claims({ ...FAR, jti: `j${(serial += 1)}` }), { kid }, await keyPair("ES256", kid));
const outage = () => new Response(null, { status: 503 });

/** An execution context that shows what it was given. */
class Context {
  readonly kept: Promise<unknown>[] = [];
  waitUntil(promise: Promise<unknown>): void {
    this.kept.push(promise);
  }
}

edge("edge_K82_fetches_once_while_fresh_and_once_for_all_of_a_request", async (given) => {
  const { verifier, endpoint } = await bench();
  // On Workers only the request's own context will do.
  const context = given ?? new Context();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => fresh()));
  await Promise.all(tokens.map((token) => verifier.verify(token, context)));
  assert.equal(endpoint.fetches, 1);
  await verifier.verify(await fresh());
  assert.equal(endpoint.fetches, 1);
});

edge("edge_K83_is_not_poisoned_by_a_fetch_that_never_ends", async () => {
  const { verifier, endpoint, clock } = await bench({ jwks: { timeout: 400 } });
  endpoint.answer = () => new Promise(() => undefined);
  await refused(verifier.verify(await fresh(), new Context()), "jwks.timeout");
  endpoint.answer = () => Response.json({ keys: endpoint.keys });
  clock.forward(2);
  await verifier.verify(await fresh(), new Context());
});

edge("edge_K84_looks_for_an_unknown_kid_once_a_cooldown", async () => {
  const { verifier, endpoint, clock } = await bench();
  await verifier.verify(await fresh());
  const next = await keyPair("ES256", "k2");
  endpoint.keys.push(next.jwk);
  await refused(
    verifier.verify(await fresh("k2")),
    "key.unknown",
    "the cold fetch started the cooldown",
  );
  for (let tries = 0; tries < 1_000; tries += 1)
    await refused(
      verifier.verify(await sign(claims(FAR), { kid: `random-${tries}` })),
      "key.unknown",
    );
  assert.equal(endpoint.fetches, 1);
  clock.forward(30);
  await verifier.verify(await fresh("k2"));
  assert.equal(endpoint.fetches, 2);
});

edge("edge_K86_refuses_a_removed_key_after_the_refresh", async () => {
  const { verifier, endpoint, clock } = await bench({
    keys: [(await keyPair()).jwk, (await keyPair("ES256", "k2")).jwk],
  });
  const token = await fresh();
  await verifier.verify(token);
  assert.ok((await verifier.verify(token)).cached);
  endpoint.keys = [(await keyPair("ES256", "k2")).jwk];
  clock.forward(600);
  await refused(verifier.verify(token), "key.unknown");
  await refused(verifier.verify(await fresh()), "key.unknown");
  await verifier.verify(await fresh("k2"));
});

edge("edge_K87_uses_new_material_under_an_old_kid_after_the_refresh", async () => {
  const [old, renewed] = [await makeKeyPair("ES256", "same"), await makeKeyPair("ES256", "same")];
  const { verifier, endpoint, clock } = await bench({ keys: [old.jwk] });
  const token = await sign(claims(FAR), {}, old);
  await verifier.verify(token);
  endpoint.keys = [renewed.jwk];
  clock.forward(600);
  await verifier.verify(await sign(claims(FAR), {}, renewed));
  await refused(verifier.verify(token), "signature.invalid");
});

edge("edge_K88_lets_no_older_answer_overwrite_a_newer_one", async () => {
  const { verifier, endpoint, clock } = await bench();
  await verifier.verify(await fresh());
  const [first, second] = [await keyPair("ES256", "k2"), await keyPair("ES256", "k3")];
  let release: (response: Response) => void = () => undefined;
  endpoint.answer = () => new Promise((resolve) => (release = resolve));
  clock.forward(600);
  const slow = verifier.verify(await fresh("k2")).then(
    () => "taken",
    () => "refused",
  );
  for (let tries = 0; endpoint.fetches < 2; tries += 1) {
    assert.ok(tries < 1_000, "the slow fetch never began");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  endpoint.answer = () => Response.json({ keys: [second.jwk] });
  clock.forward(30);
  const other = verifier.verify(await fresh("k3"), new Context()).then(
    () => "taken",
    () => "refused",
  );
  if (PROMISES_ARE_SHARED) {
    // Whoever comes later waits for the answer that is on its way before it asks for a newer one.
    release(Response.json({ keys: [first.jwk] }));
    assert.deepEqual([await other, endpoint.fetches], ["taken", 3]);
    return;
  }
  assert.deepEqual([await other, endpoint.fetches], ["taken", 3]);
  release(Response.json({ keys: [first.jwk] }));
  assert.equal(await slow, "refused", "what it asked for is older than what is there");
  await verifier.verify(await fresh("k3"), new Context());
  await refused(
    verifier.verify(await fresh("k2"), new Context()),
    "key.unknown",
    "the older answer brought it",
  );
  assert.equal(endpoint.fetches, 3);
});

edge("edge_K89_ignores_what_is_wrong_in_the_shared_store", async () => {
  const text = JSON.stringify({ keys: [(await keyPair("ES256", "evil")).jwk] });
  const wrong = [
    "garbage",
    1,
    {},
    { body: text },
    { body: text, fetchedAt: "now" },
    { body: text, fetchedAt: NOW * 1000 + 1 },
    { body: text, fetchedAt: (NOW - 87_001) * 1000 },
    { body: "{}", fetchedAt: NOW * 1000 },
    { body: "<html>", fetchedAt: NOW * 1000 },
    { body: text + " ".repeat(300_000), fetchedAt: NOW * 1000 },
  ];
  for (const value of wrong) {
    const store: JwksStore = { get: async () => value as StoredJwks, put: async () => undefined };
    const { verifier, endpoint } = await bench({
      jwks: { store, fetch: new Endpoint((await keyPair()).jwk).fetch },
    });
    await verifier.verify(await fresh());
    await refused(
      verifier.verify(await fresh("evil")),
      "key.unknown",
      JSON.stringify(value).slice(0, 80),
    );
    assert.equal(endpoint.fetches, 0);
  }
});

edge("edge_K89_shares_a_set_through_the_store_and_never_with_another_address", async () => {
  const store = new Shelf();
  const jwks = { store };
  const one = await bench({ jwks: { ...jwks, fetch: new Endpoint((await keyPair()).jwk).fetch } });
  await one.verifier.verify(await fresh());
  await until(() => store.entries.size === 1);
  const idle = new Endpoint((await keyPair()).jwk);
  const two = await bench({ jwks: { ...jwks, fetch: idle.fetch } });
  assert.equal((await two.verifier.verify(await fresh())).keys.source, "store");
  assert.equal(idle.fetches, 0);
  // An unknown kid goes past the store.
  two.clock.forward(30);
  idle.keys.push((await keyPair("ES256", "k2")).jwk);
  await two.verifier.verify(await fresh("k2"));
  assert.equal(idle.fetches, 1);
  const other = new Endpoint((await keyPair()).jwk);
  const three = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/jwks.json?k1`,
    },
    clock: two.clock.read,
    jwks: { ...jwks, fetch: other.fetch },
  });
  await three.verify(await fresh());
  assert.equal(other.fetches, 1);
});

edge("edge_K89_stores_each_answer_as_it_came_with_its_own_etag", async () => {
  const puts: StoredJwks[] = [];
  const { verifier, endpoint, clock } = await bench({
    jwks: { store: { get: async () => null, put: async (_, value) => void puts.push(value) } },
  });
  const { jwk } = await keyPair();
  const answers = [
    ['"1"', JSON.stringify({ keys: [jwk] })],
    ['"2"', JSON.stringify({ keys: [jwk], note: "é" })],
  ] as const;
  for (const [place, [ETag, body]] of answers.entries()) {
    endpoint.answer = () => new Response(body, { headers: { ETag } });
    await verifier.verify(await fresh());
    await until(() => puts.length === place + 1);
    clock.forward(600);
  }
  assert.deepEqual(
    puts.map(({ etag, body }) => [etag, body]),
    answers.map(([etag, body]) => [etag, body]),
  );
});

edge("edge_K90_works_as_well_when_the_store_fails", async () => {
  const failing = () => Promise.reject(new Error("KV is down"));
  const throwing = () => {
    throw new Error("KV is down");
  };
  const hanging = () => new Promise<never>(() => undefined);
  for (const call of [failing, throwing, hanging]) {
    const endpoint = new Endpoint((await keyPair()).jwk);
    const { verifier } = await bench({
      jwks: { store: { get: call, put: call }, fetch: endpoint.fetch, timeout: 400 },
    });
    await verifier.verify(await fresh(), new Context());
    assert.equal(endpoint.fetches, 1);
  }
});

edge("edge_K90_keeps_sets_in_KV_and_in_the_Cache_API", async () => {
  const entries = new Map<string, string>();
  let ttl = 0;
  const kv = kvJwksStore({
    get: async (key) => entries.get(key) ?? null,
    put: async (key, value, options) =>
      void (entries.set(key, value), (ttl = options?.expirationTtl ?? 0)),
    delete: async (key) => void entries.delete(key),
  });
  const responses = new Map<string, Response>();
  const cache = cacheJwksStore({
    match: async (key: string) => responses.get(key)?.clone(),
    put: async (key: string, value: Response) => void responses.set(key, value),
  } as unknown as Cache);
  const stored = { body: "{}", fetchedAt: 5, etag: '"x"' };
  for (const store of [kv, cache]) {
    assert.equal(await store.get("a"), null);
    await store.put("a", stored, 100);
    assert.deepEqual(await store.get("a"), stored);
  }
  assert.deepEqual([ttl, [...entries.keys()]], [100, ["tokenkeep:jwks:a"]]);
});

edge("edge_K92_asks_for_nothing_until_the_first_token", async () => {
  let asked = 0;
  const count = () => ((asked += 1), NOW * 1000);
  createVerifier({
    issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: `${ISSUER}/k` },
    clock: count,
    jwks: {
      fetch: async () => (count(), Response.json({})),
      store: { get: async () => (count(), null), put: async () => void count() },
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(asked, 0);
});

edge("edge_K93_stays_small_whatever_it_is_shown", async () => {
  const { verifier, endpoint } = await bench({ resultCacheSize: 50 });
  await verifier.verify(await fresh());
  for (let count = 0; count < 2_000; count += 1)
    await refused(verifier.verify(await sign(claims(FAR), { kid: `r${count}` })), "key.unknown");
  assert.equal(endpoint.fetches, 1);
});

edge("edge_K_serves_stale_while_a_context_keeps_the_refresh_alive", async (given) => {
  const { verifier, endpoint, clock } = await bench();
  await verifier.verify(await fresh(), given ?? new Context());
  clock.forward(601);
  let release: (response: Response) => void = () => undefined;
  endpoint.answer = () => new Promise((resolve) => (release = resolve));
  const context = new Context();
  const { keys } = await verifier.verify(await fresh(), given ?? context);
  assert.deepEqual([keys.stale, endpoint.fetches], [true, 2]);
  assert.equal(context.kept.length, given === null ? 1 : 0);
  await verifier.verify(await fresh(), new Context());
  assert.equal(endpoint.fetches, 2, "one refresh is enough");
  release(Response.json({ keys: endpoint.keys }));
  const isStale = async () => (await verifier.verify(await fresh(), new Context())).keys.stale;
  for (let tries = 0; await isStale(); tries += 1) {
    assert.ok(tries < 1_000, "it stays stale");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(endpoint.fetches, 2);
});

edge("edge_K_primes_and_falls_back_on_a_bundled_set", async () => {
  const { verifier, endpoint } = await bench();
  await verifier.prime();
  assert.equal(endpoint.fetches, 1);
  await verifier.verify(await fresh());
  assert.equal(endpoint.fetches, 1);
  const { jwk } = await keyPair();
  const alone = await bench({ issuer: { jwks: { keys: [jwk] }, jwksUri: undefined } as never });
  assert.deepEqual((await alone.verifier.verify(await fresh())).keys, {
    source: "bundled",
    ageMs: 0,
    stale: false,
  });
  assert.equal(alone.endpoint.fetches, 0);
  const down = await bench({ issuer: { jwks: { keys: [jwk] } } });
  down.endpoint.answer = outage;
  const { keys } = await down.verifier.verify(await fresh());
  assert.deepEqual([keys.source, keys.stale], ["bundled", true]);
  down.endpoint.answer = () => Response.json({ keys: [jwk] });
  down.clock.forward(30);
  assert.equal((await down.verifier.verify(await fresh())).keys.source, "network");
});

edge(
  "edge_K_rotates_under_load",
  async () => {
    const [old, next] = [await keyPair(), await keyPair("ES256", "k2")];
    const { verifier, endpoint, clock } = await bench();
    const both = async (which: readonly string[], expected: number) => {
      const tokens = await Promise.all(
        Array.from({ length: 20 }, (_, index) => fresh(which[index % which.length])),
      );
      const outcomes = await Promise.allSettled(tokens.map((token) => verifier.verify(token)));
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, expected);
    };
    await both(["k1"], 20);
    clock.forward(40);
    endpoint.keys = [old.jwk, next.jwk];
    await both(["k1", "k2"], 20);
    assert.equal(endpoint.fetches, 2, "the new kid cost one fetch");
    endpoint.keys = [next.jwk];
    clock.forward(599);
    await both(["k1", "k2"], 20);
    clock.forward(1);
    await both(["k1", "k2"], 10);
    await both(["k2"], 20);
  },
  "node",
);
