// The store that isolates share: in memory as Workers KV behaves, in KV itself, and in Redis with
// either client. Two services with nothing in common but the store stand for two isolates.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Miniflare } from "miniflare";
import type { KeyValue } from "tokenkeep/edge";
import { redisKeyValue } from "tokenkeep/redis";
import { memoryKv } from "tokenkeep/testing";
import { CLIENTS, RedisServer, type TestClient } from "../edge/redis/server.ts";
import {
  bearer,
  granting,
  inbound,
  type Play,
  PRICES,
  play,
  STOCK,
  settled,
  until,
} from "./kit.ts";

const KEY = "a key of thirty-two bytes or more";
const OTHER = "another key of as many bytes, or of more";

/** A store that a test can look into and spoil. */
function spyStore() {
  const values = new Map<string, string>();
  const ttls: (number | undefined)[] = [];
  const store: KeyValue = {
    get: async (key) => values.get(key) ?? null,
    async put(key, value, options) {
      ttls.push(options?.expirationTtl);
      values.set(key, value);
    },
    delete: async (key) => void values.delete(key),
  };
  return { store, values, ttls };
}

const isolate = (store: KeyValue, more: Play = {}, keys = [KEY]) =>
  play({ ...more, options: { shared: { store, keys }, ...more.options } });

const kinds: [string, () => Promise<KeyValue>][] = [
  ["memoryKv", async () => memoryKv()],
  ["Workers KV", async () => (await miniflare.getKVNamespace("KV")) as unknown as KeyValue],
  ["node-redis", async () => redisKeyValue(node.client, { prefix: "node:" })],
  ["ioredis", async () => redisKeyValue(io.client, { prefix: "io:" })],
];

let miniflare: Miniflare;
let server: RedisServer;
let node: TestClient;
let io: TestClient;
before(async () => {
  miniflare = new Miniflare({
    modules: true,
    script: "export default {}",
    kvNamespaces: ["KV"],
    cf: false,
  });
  server = await RedisServer.open();
  const connect = (library: string) =>
    CLIENTS[library]?.(server.port) ?? assert.fail(`no ${library}`);
  [node, io] = [await connect("node-redis"), await connect("ioredis")];
});
after(async () => {
  node.end();
  io.end();
  await server.stop();
  await miniflare.dispose();
});

for (const [kind, open] of kinds)
  test(`service_U27_a_second_isolate_makes_no_grant, ${kind}`, async () => {
    const store = await open();
    const [one, other] = [isolate(store), isolate(store)];
    await one.tokens.fetch(STOCK);
    // The write is not awaited by the call.
    await until(() => isShared(store));
    other.pass(100_000);
    await other.tokens.fetch(STOCK);
    assert.deepEqual([one.asked.length, other.asked.length], [1, 0]);
    assert.equal(bearer(other.calls[0]), "token-1");
    assert.deepEqual(
      other.events.map(({ type }) => type),
      ["shared"],
    );
    // 600 seconds in all, of which 60 are the leeway.
    other.pass(439_999);
    await other.tokens.fetch(STOCK);
    assert.equal(other.asked.length, 0);
    other.pass(1);
    await other.tokens.fetch(STOCK);
    // What is due is not taken from the store.
    await until(() => other.asked.length === 1);
  });

/** Whether a third isolate finds the token there. */
async function isShared(store: KeyValue): Promise<boolean> {
  const third = isolate({ ...store, get: (key) => store.get(key), put: async () => undefined });
  await third.tokens.fetch(STOCK);
  return third.events.some(({ type }) => type === "shared");
}

test("service_U27_a_value_lives_as_long_as_its_token", async () => {
  const { store, ttls } = spyStore();
  const scene = isolate(store, { grant: (_, count) => granting(count, { expires_in: 30 }) });
  await scene.tokens.fetch(STOCK);
  await until(() => ttls.length === 1);
  assert.deepEqual(ttls, [60], "the least that KV takes");
});

describe("service_U27_what_is_wrong_in_the_store_is_ignored", () => {
  async function stored() {
    const spy = spyStore();
    await isolate(spy.store).tokens.fetch(STOCK);
    await until(() => spy.values.size === 1);
    const [[name, value] = assert.fail()] = spy.values;
    return { ...spy, name, value };
  }
  const asksAnew = async (store: KeyValue, more: Play = {}, keys = [KEY], origin = STOCK) => {
    const scene = isolate(store, more, keys);
    await scene.tokens.fetch(origin);
    assert.equal(scene.asked.length, 1);
  };

  for (const [name, spoil] of [
    ["garbage", () => "garbage"],
    ["nothing", () => ""],
    ["a flipped bit", (value: string) => `${value.slice(0, -6)}AAAAAA`],
    ["another version", (value: string) => `B${value.slice(1)}`],
    ["too much", (value: string) => value + "A".repeat(200_000)],
    ["no text", () => ({}) as string],
  ] as const)
    test(name, async () => {
      const { store, values, name: key, value } = await stored();
      values.set(key, spoil(value));
      await asksAnew(store);
    });

  test("the entry of another target", async () => {
    const { store, values, value } = await stored();
    const targets = { [PRICES]: { audience: "prices" } };
    await asksAnew({ ...store, get: async () => value }, { options: { targets } }, [KEY], PRICES);
    // Another audience of the same origin is another target too.
    await asksAnew(
      { ...store, get: async () => value },
      { options: { targets: { [STOCK]: { audience: "other" } } } },
    );
    await until(() => values.size === 3);
  });

  test("another client's, another issuer's", async () => {
    const { store, value } = await stored();
    const lying = { ...store, get: async () => value };
    const auth = { method: "client_secret_post", secret: "s" } as const;
    await asksAnew(lying, { options: { client: { id: "other", auth } } });
    await asksAnew(lying, { options: { issuer: "https://other.example" } });
  });

  test("another key; but any of a service's keys opens", async () => {
    const { store, value } = await stored();
    const lying = { ...store, get: async () => value };
    await asksAnew(lying, {}, [OTHER]);
    const rotated = isolate(lying, {}, [OTHER, KEY]);
    await rotated.tokens.fetch(STOCK);
    assert.equal(rotated.asked.length, 0);
  });

  test("one that is older than what is here, or comes from the future", async () => {
    const { store, value } = await stored();
    const lying = { ...store, get: async () => value };
    const scene = isolate(lying, {
      answer: (request) =>
        new Response(null, { status: bearer(request) === "token-1" ? 401 : 200 }),
      grant: (_, count) => granting(count + 1),
    });
    await scene.tokens.withToken(STOCK, () => undefined);
    assert.equal(scene.asked.length, 0);
    scene.pass(60_000);
    assert.equal((await scene.tokens.fetch(STOCK)).status, 200);
    assert.equal(scene.asked.length, 1, "the store has the very token that was refused");
    const behind = isolate(lying);
    behind.setClock(-60_000);
    await behind.tokens.fetch(STOCK);
    assert.equal(behind.asked.length, 1);
  });

  const broken = () => Promise.reject(new Error("no store"));
  test("a store that throws", () => asksAnew({ get: broken, put: broken, delete: broken }));
  test("a store that hangs", () => {
    const never = () => new Promise<never>(() => undefined);
    return asksAnew({ get: never, put: never, delete: never });
  });
});

test("service_U307_no_users_token_is_shared", async () => {
  const { store, values } = spyStore();
  const get = async () => assert.fail("asked");
  const scene = isolate({ ...store, get });
  const { request, auth } = inbound("ada", scene.now() / 1000 + 600);
  await scene.tokens.onBehalfOf(request, auth).fetch(STOCK);
  await settled();
  assert.equal(values.size, 0);
});
