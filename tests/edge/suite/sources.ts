// Group K: where keys come from when several sources answer at once, and what a verification says
// of it.

import assert from "node:assert/strict";
import type { JwksStore, StoredJwks } from "tokenkeep/edge";
import {
  bench,
  Clock,
  claims,
  edge,
  keyPair,
  PROMISES_ARE_SHARED,
  refused,
  sign,
  until,
} from "./kit.ts";

const FAR = { exp: 2_000_000_000 };
let serial = 0;
/** A token that no cache of results knows. */
const fresh = async (kid = "k1") =>
  sign(claims({ ...FAR, jti: `s${(serial += 1)}` }), { kid }, await keyPair("ES256", kid));

/** A store whose reads are answered when the test wants it. */
class SlowShelf implements JwksStore {
  readonly reads: ((found: StoredJwks | null) => void)[] = [];
  get(): Promise<StoredJwks | null> {
    return new Promise((resolve) => this.reads.push(resolve));
  }
  async put(): Promise<void> {
    await undefined;
  }
}

const setOf = async (...kids: string[]) =>
  JSON.stringify({
    keys: await Promise.all(kids.map(async (kid) => (await keyPair("ES256", kid)).jwk)),
  });

for (const found of ["nothing", "an old copy"] as const) {
  edge(`edge_K123_a_late_read_of_${found.replaceAll(" ", "_")}_leaves_the_new_set`, async () => {
    // Where promises are shared, all who come together wait for one read and one fetch.
    if (PROMISES_ARE_SHARED) return;
    const store = new SlowShelf();
    const { verifier, endpoint, clock } = await bench({ jwks: { store, timeout: 30_000 } });
    endpoint.keys = [(await keyPair("ES256", "k2")).jwk];
    const old: StoredJwks = { body: await setOf("k1"), fetchedAt: clock.now - 60_000 };
    const late = verifier.verify(await fresh("k2"));
    await until(() => store.reads.length === 1);
    const quick = verifier.verify(await fresh("k2"));
    await until(() => store.reads.length === 2);
    store.reads[1]?.(null);
    await quick;
    store.reads[0]?.(found === "nothing" ? null : old);
    await late;
    await verifier.verify(await fresh("k2"));
    await refused(verifier.verify(await fresh("k1")), "key.unknown", "k1 was taken back");
    assert.equal(endpoint.fetches, 1);
  });
}

edge("edge_K123_an_answer_older_than_the_copy_from_the_store_replaces_nothing", async () => {
  // Where promises are shared, nobody reads the store while a fetch is under way.
  if (PROMISES_ARE_SHARED) return;
  const store = new SlowShelf();
  const { verifier, endpoint, clock } = await bench({ jwks: { store, timeout: 30_000 } });
  const answer = (answered: Promise<Response>) => (endpoint.answer = () => answered);
  answer(Promise.resolve(new Response(await setOf("k1"), { headers: { ETag: '"1"' } })));
  const cold = verifier.verify(await fresh());
  await until(() => store.reads.length === 1);
  store.reads[0]?.(null);
  await cold;
  clock.forward(600);
  let release: (response: Response) => void = () => undefined;
  answer(new Promise((resolve) => (release = resolve)));
  const slow = verifier.verify(await fresh());
  await until(() => store.reads.length === 2);
  store.reads[1]?.(null);
  await until(() => endpoint.fetches === 2);
  // Another isolate has fetched a second later, and this one reads it from the store.
  clock.forward(2);
  const quick = verifier.verify(await fresh("k2"));
  await until(() => store.reads.length === 3);
  store.reads[2]?.({ body: await setOf("k2"), fetchedAt: clock.now - 1_000 });
  await quick;
  release(new Response(null, { status: 304 }));
  await refused(slow, "key.unknown");
  await verifier.verify(await fresh("k2"));
  assert.equal(endpoint.fetches, 2);
});

const sourceOf = async (
  { verifier }: Awaited<ReturnType<typeof bench>>,
  token: string | Promise<string>,
) => (await verifier.verify(await token)).keys.source;

edge("edge_K136_says_memory_when_nothing_had_to_be_read", async () => {
  const one = await bench();
  assert.equal(await sourceOf(one, fresh()), "network");
  const token = await fresh();
  assert.deepEqual([await sourceOf(one, token), await sourceOf(one, token)], ["memory", "memory"]);
  one.clock.forward(30);
  one.endpoint.keys.push((await keyPair("ES256", "k2")).jwk);
  assert.deepEqual(
    [await sourceOf(one, fresh("k2")), await sourceOf(one, fresh("k2"))],
    ["network", "memory"],
  );
  // A remembered token whose keys had to be read again.
  const again = await fresh();
  assert.equal(await sourceOf(one, again), "memory");
  one.clock.forward(600);
  const { cached, keys } = await one.verifier.verify(again);
  assert.deepEqual([cached, keys.source], [true, "network"]);
  assert.equal(await sourceOf(one, again), "memory");
});

edge("edge_K136_says_store_once_and_bundled_always", async () => {
  const clockAt = new Clock();
  const get = async () => ({ body: await setOf("k1"), fetchedAt: clockAt.now - 1_000 });
  const shared = await bench({ clockAt, jwks: { store: { get, put: async () => undefined } } });
  assert.deepEqual(
    [await sourceOf(shared, fresh()), await sourceOf(shared, fresh())],
    ["store", "memory"],
  );
  const { jwk } = await keyPair();
  const alone = await bench({ issuer: { jwks: { keys: [jwk] }, jwksUri: undefined } as never });
  const token = await fresh();
  for (const one of [fresh(), token, token]) assert.equal(await sourceOf(alone, one), "bundled");
});

edge("edge_K136_says_store_for_a_stale_copy_that_serves_while_the_endpoint_is_down", async () => {
  const clockAt = new Clock();
  const get = async () => ({ body: await setOf("k1"), fetchedAt: clockAt.now - 700_000 });
  const down = await bench({ clockAt, jwks: { store: { get, put: async () => undefined } } });
  down.endpoint.answer = () => new Response(null, { status: 503 });
  const { keys } = await down.verifier.verify(await fresh());
  assert.deepEqual([keys.source, keys.stale], ["store", true]);
  assert.equal(await sourceOf(down, fresh()), "memory");
});
