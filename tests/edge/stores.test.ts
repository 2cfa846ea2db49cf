// The second layer of the key cache over the real things: Workers KV and the Cache API of workerd,
// between isolates that share nothing else.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Miniflare, Response as MiniflareResponse } from "miniflare";
import { claims, keyPair, sign } from "./suite/kit.ts";
import { workerOf } from "./workerd/start.ts";

interface Call {
  method?: string;
  headers?: Record<string, string>;
}

/** Isolates named a, b and c around one store and one key endpoint, for the length of `work`. */
async function withIsolates(
  store: "kv" | "cache",
  work: (means: {
    /** Where the keys of a good token's verification came from. */
    ask(isolate: string): Promise<string>;
    call(isolate: string, path: string, init?: Call): Promise<unknown>;
    fetches(): number;
    miniflare: Miniflare;
  }) => Promise<void>,
): Promise<void> {
  const { jwk } = await keyPair();
  const worker = await workerOf("stores-worker.ts");
  let fetches = 0;
  const isolate = (name: string) => ({
    ...worker,
    name,
    bindings: { STORE: store },
    kvNamespaces: { SHARED: "shared" },
    outboundService: () => {
      fetches += 1;
      return MiniflareResponse.json({ keys: [jwk] });
    },
  });
  const miniflare = new Miniflare({ workers: ["a", "b", "c"].map(isolate), cf: false });
  const send = async (name: string, path: string, init: Call = {}) => {
    const response = await (await miniflare.getWorker(name)).fetch(
      `https://api.example${path}`,
      init,
    );
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as unknown;
  };
  const ask = async (name: string) => {
    const now = Math.floor(Date.now() / 1000);
    const token = await sign(claims({ iat: now, exp: now + 300 }));
    return (
      (await send(name, "/", { headers: { Authorization: `Bearer ${token}` } })) as {
        source: string;
      }
    ).source;
  };
  try {
    await work({ ask, call: send, fetches: () => fetches, miniflare });
  } finally {
    await miniflare.dispose();
  }
}

for (const store of ["kv", "cache"] as const) {
  describe(`over ${store === "kv" ? "Workers KV" : "the Cache API"}`, () => {
    test(`edge_K89_hands_a_set_from_isolate_to_isolate, over ${store}, in workerd`, async () => {
      await withIsolates(store, async ({ ask, fetches }) => {
        assert.equal(await ask("a"), "network");
        assert.deepEqual(
          [await ask("b"), await ask("c"), await ask("a"), fetches()],
          ["store", "store", "memory", 1],
        );
      });
    });

    test(`edge_K90_forgets_an_entry_when_its_time_is_up, over ${store}, in workerd`, async () => {
      await withIsolates(store, async ({ call }) => {
        assert.equal(await call("a", "/shelf"), null);
        const stored = { body: "{}", fetchedAt: 5, etag: '"x"' };
        assert.deepEqual(await call("a", "/shelf?ttl=3600", { method: "PUT" }), stored);
        assert.deepEqual(await call("b", "/shelf"), stored);
        // KV keeps nothing for less than a minute: its expiry is looked at below.
        if (store === "kv") return;
        await call("a", "/shelf?ttl=1", { method: "PUT" });
        for (let tries = 0; (await call("b", "/shelf")) !== null; tries += 1) {
          assert.ok(tries < 200, "it stays");
          await sleep(50);
        }
      });
    });
  });
}

test("edge_K89_survives_what_a_stranger_wrote_into_KV_and_gives_its_own_entries_an_end, in workerd", async () => {
  await withIsolates("kv", async ({ ask, fetches, miniflare }) => {
    assert.equal(await ask("a"), "network");
    const kv = await miniflare.getKVNamespace("SHARED", "a");
    const [entry] = (await kv.list()).keys;
    const name = entry?.name ?? "";
    const lifetime = (entry?.expiration ?? 0) - Date.now() / 1000;
    // Freshness plus the longest time that a stale set may serve.
    assert.ok(lifetime > 86_000 && lifetime <= 87_001, `${lifetime} s`);
    const good = (await kv.get(name, "json")) as object;
    await kv.put(name, "not even JSON");
    assert.deepEqual([await ask("b"), fetches()], ["network", 2]);
    assert.deepEqual(
      Object.keys((await kv.get(name, "json")) as object),
      Object.keys(good),
      "b has put it right",
    );
    await kv.put(name, JSON.stringify({ ...good, body: '{"keys":[]}' }));
    assert.deepEqual([await ask("c"), fetches()], ["network", 3]);
  });
});
