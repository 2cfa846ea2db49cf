// `tokenkeep/redis` over a real Redis, with both clients: what several processes know of a
// revocation, and what they answer while Redis is away.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import {
  createVerifier,
  type RevocationStore,
  type RevocationSubject,
  VerifyError,
} from "tokenkeep/edge";
import { type RedisClient, redisJwksStore, redisReplay, redisRevocation } from "tokenkeep/redis";
import { ended, RUNTIMES, start } from "../runtimes.ts";
import { CLIENTS, RedisServer, type TestClient } from "./redis/server.ts";
import { AUDIENCE, claims, ISSUER, keyPair, NOW, refusal, sign } from "./suite/kit.ts";

const program = fileURLToPath(new URL("redis/program.mjs", import.meta.url));
const built = (name: string) => new URL(`../../dist/${name}.js`, import.meta.url).href;

let server: RedisServer;
before(async () => {
  server = await RedisServer.open();
});
after(() => server.stop());

const session = (sid: string) => ({ issuer: ISSUER, jti: null, sid, sub: null, iat: null });
const user = (sub: string, iat: number | null) => ({
  issuer: ISSUER,
  jti: null,
  sid: null,
  sub,
  iat,
});
/** What tells of a client's end, of ioredis and of node-redis. */
interface Duplicate {
  readonly status?: string;
  readonly isOpen?: boolean;
  unsubscribe(): Promise<unknown>;
}

/** The clients that are made like this one. */
function duplicatesOf({ client }: TestClient): readonly Duplicate[] {
  const called = client as unknown as { duplicate(options: object): Duplicate };
  const duplicate = called.duplicate.bind(client);
  const made: Duplicate[] = [];
  called.duplicate = (options) => {
    const other = duplicate(options);
    made.push(other);
    return other;
  };
  return made;
}

let names = 0;
/** A name that no other test has used. */
const fresh = () => `name ${(names += 1)}`;

/** Waits until it holds, however long this machine takes. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    assert.ok(tries < 3_000, what);
    await sleep(10);
  }
}

/** Counts the reads of a client, as it is called. */
function countReads({ client }: TestClient): () => number {
  const called = client as unknown as Record<string, (...given: unknown[]) => unknown>;
  const name = "getrange" in client ? "getrange" : "getRange";
  const read = called[name]!.bind(client);
  let reads = 0;
  called[name] = (...given) => {
    reads += 1;
    return read(...given);
  };
  return () => reads;
}

/** Waits until the answer is no other than "revoked", and holds it to the second. */
async function knows(store: RevocationStore, subject: RevocationSubject): Promise<void> {
  const revokedAt = performance.now();
  for (;;) {
    const asked = performance.now();
    const answer = await Promise.resolve(store.isRevoked(subject)).catch(() => "503");
    if (answer === true) return;
    // To answer 503 is safe, and may last as long as it takes to connect again.
    if (answer === false) assert.ok(asked - revokedAt < 1_000, `${asked - revokedAt} ms`);
    assert.ok(asked - revokedAt < 60_000);
    await sleep(1);
  }
}

/** Asks until an answer costs no read: then answers are remembered. */
async function untilRemembered(
  store: RevocationStore,
  reads: () => number,
  subject: RevocationSubject,
): Promise<void> {
  await until("answers are remembered", async () => {
    const before = reads();
    assert.equal(await store.isRevoked(subject), false);
    return reads() === before;
  });
}

for (const [library, connect] of Object.entries(CLIENTS)) {
  describe(library, () => {
    let here: TestClient;
    let there: TestClient;
    let admin: TestClient;
    before(async () => {
      [here, there, admin] = await Promise.all([
        connect(server.port),
        connect(server.port),
        connect(server.port),
      ]);
    });
    after(() => {
      for (const { end } of [here, there, admin]) end();
    });

    test(`edge_L200_tells_every_process_of_a_revocation_within_a_second, over ${library}`, async () => {
      const [one, other] = [redisRevocation(here.client), redisRevocation(there.client)];
      const kept = [
        [one, countReads(here)],
        [other, countReads(there)],
      ] as const;
      const kinds: [(name: string) => Promise<void>, (name: string) => object][] = [
        [(jti) => one.revokeToken(ISSUER, jti, Date.now() / 1000 + 900), (jti) => ({ jti })],
        [(sid) => one.revokeSession(ISSUER, sid, 900), (sid) => ({ sid })],
        [(sub) => one.revokeUser(ISSUER, sub, 900), (sub) => ({ sub })],
      ];
      for (const [revoke, named] of kinds) {
        const name = fresh();
        const subject = { ...session(""), sid: null, ...named(name) };
        for (const [store, reads] of kept) await untilRemembered(store, reads, subject);
        await revoke(name);
        assert.equal(await one.isRevoked(subject), true, "at once where it was made");
        await knows(other, subject);
      }
    });

    test(`edge_L201_keeps_the_later_of_two_cut_offs_and_the_longer_of_two_lives, over ${library}`, async () => {
      const clock = () => NOW * 1000 + 700;
      const one = redisRevocation(here.client, { clock, prefix: "cut:" });
      const other = redisRevocation(there.client, { clock, prefix: "cut:" });
      for (const [cuts, last] of [
        [[NOW + 100, NOW + 50], NOW + 100],
        [[NOW + 50, NOW + 100], NOW + 100],
        [[NOW + 50.25, undefined], NOW + 50],
        [[undefined], NOW],
      ] as const) {
        const sub = fresh();
        for (const [place, cut] of cuts.entries())
          await [one, other][place % 2]!.revokeUser(ISSUER, sub, place === 0 ? 900 : 60, cut);
        for (const store of [one, other]) {
          assert.equal(await store.isRevoked(user(sub, last)), true);
          assert.equal(await store.isRevoked(user(sub, last + 0.9)), true);
          assert.equal(await store.isRevoked(user(sub, last + 1)), false);
          assert.equal(await store.isRevoked(user(sub, null)), true);
        }
      }
      // Many at once, from both sides: none is lost.
      const sub = fresh();
      const cuts = Array.from({ length: 200 }, (_, place) => NOW + ((place * 77) % 200));
      await Promise.all(
        cuts.map((cut, place) => [one, other][place % 2]!.revokeUser(ISSUER, sub, 900, cut)),
      );
      assert.equal(await one.isRevoked(user(sub, NOW + 199)), true);
      assert.equal(await one.isRevoked(user(sub, NOW + 200)), false);
      for (const key of (await admin.send("KEYS", "cut:*")) as string[])
        assert.ok(Number(await admin.send("PTTL", key)) > 60_000, key);
    });

    test(`edge_L202_believes_nothing_that_it_remembered_after_the_subscription_was_lost, over ${library}`, async () => {
      const own = await RedisServer.open();
      const [mine, yours] = [await connect(own.port), await connect(own.port)];
      try {
        const reads = countReads(yours);
        const one = redisRevocation(mine.client, { cacheTtl: 0 });
        const other = redisRevocation(yours.client);
        let killed = "";
        for (let round = 1; round <= 3; round += 1) {
          const sid = fresh();
          await untilRemembered(other, reads, session(sid));
          let listeners: string[] = [];
          await until("it listens", async () => {
            const list = String(await mine.send("CLIENT", "LIST")).split("\n");
            listeners = list
              .filter((line) => /\bsub=[1-9]/.test(line))
              .map((line) => /\bid=(\d+)/.exec(line)?.[1] ?? "");
            return listeners.length > 0 && listeners[0] !== killed;
          });
          assert.equal(listeners.length, 1);
          [killed = ""] = listeners;
          // The message of the revocation finds nobody who listens.
          await Promise.all([
            mine.send("CLIENT", "KILL", "ID", killed),
            one.revokeSession(ISSUER, sid, 900),
          ]);
          await knows(other, session(sid));
        }
      } finally {
        for (const { end } of [mine, yours]) end();
        await own.stop();
      }
    });

    test(`edge_L202_believes_nothing_that_it_remembered_from_before_a_restart, over ${library}`, async () => {
      const own = await RedisServer.open();
      const [mine, yours] = [await connect(own.port), await connect(own.port)];
      try {
        const reads = countReads(yours);
        const sid = fresh();
        const one = redisRevocation(mine.client, { cacheTtl: 0 });
        const other = redisRevocation(yours.client);
        await untilRemembered(other, reads, session(sid));
        await own.stop();
        await own.start();
        await until("it is revoked", () =>
          one.revokeSession(ISSUER, sid, 900).then(
            () => true,
            () => false,
          ),
        );
        await knows(other, session(sid));
      } finally {
        for (const { end } of [mine, yours]) end();
        await own.stop();
      }
    });

    test(`edge_L202_finds_out_that_it_hears_nothing_any_more, over ${library}`, async () => {
      const mine = await connect(server.port);
      try {
        const [reads, made] = [countReads(mine), duplicatesOf(mine)];
        const store = redisRevocation(mine.client);
        const sid = fresh();
        await untilRemembered(store, reads, session(sid));
        // The connection stays, and no event tells.
        await made[0]!.unsubscribe();
        await redisRevocation(here.client).revokeSession(ISSUER, sid, 900);
        await knows(store, session(sid));
        await untilRemembered(store, reads, session(fresh()));
        assert.equal(made.length, 2);
      } finally {
        mine.end();
      }
    });

    test(`edge_L203_answers_503_while_redis_is_away_and_goes_on_afterwards, over ${library}`, async () => {
      const own = await RedisServer.open();
      const mine = await connect(own.port);
      try {
        const timeout = 300;
        const store = redisRevocation(mine.client, { timeout });
        const { jwk } = await keyPair();
        const verifier = createVerifier({
          issuers: {
            issuer: ISSUER,
            audience: AUDIENCE,
            algorithms: ["ES256"],
            jwks: { keys: [jwk] },
          },
          clock: () => NOW * 1000,
          revocation: store,
        });
        const verify = async () => verifier.verify(await sign(claims({ sid: fresh() })));
        const works = async () => (await verify().catch(() => null)) !== null;
        await verify();
        const bounded = async (work: () => Promise<unknown>) => {
          const error = await refusal(work());
          assert.ok(error instanceof VerifyError);
          assert.deepEqual([error.code, error.status], ["revocation.unavailable", 503]);
        };
        const reads = countReads(mine);
        await untilRemembered(store, reads, session("kept"));
        own.pause();
        const pausedAt = performance.now();
        const kept = async () => store.isRevoked(session("kept"));
        for (let answers = true; answers; await sleep(1)) {
          const asked = performance.now();
          answers = (await kept().catch(() => null)) !== null;
          assert.ok(
            !answers || asked - pausedAt < 1_000,
            "memory is believed for a second at most",
          );
        }
        await bounded(verify);
        // Clients keep what they can't send. Few questions more are put to them.
        const [queued, askedAt] = [reads(), performance.now()];
        await Promise.all(Array.from({ length: 500 }, () => bounded(verify)));
        // One in each time-out, however long this machine takes.
        const most = 1 + Math.ceil((performance.now() - askedAt) / timeout);
        assert.ok(reads() - queued <= most, `${reads() - queued} reads, not ${most}`);
        await bounded(() => store.revokeSession(ISSUER, "s1", 900));
        own.resume();
        await until("it works after a pause", works);

        await own.stop();
        await until("it is noticed", async () => !(await works()));
        await bounded(verify);
        await bounded(() => store.revokeSession(ISSUER, "s1", 900));
        await own.start();
        await until("it works after a restart", works);
        await store.revokeSession(ISSUER, "s2", 900);
        assert.equal(await store.isRevoked(session("s2")), true);
      } finally {
        mine.end();
        own.resume();
        await own.stop();
      }
    });

    test(`edge_L207_gives_up_a_subscription_that_has_not_begun, over ${library}`, async () => {
      const own = await RedisServer.open();
      const mine = await connect(own.port);
      try {
        const made = duplicatesOf(mine);
        assert.equal(await redisRevocation(mine.client).isRevoked(session("s1")), false);
        await own.stop();
        assert.equal(made.length, 1);
        mine.end();
        await until("it has ended", () => made[0]!.status === "end" || made[0]!.isOpen === false);
      } finally {
        mine.end();
        await own.stop();
      }
    });

    test(`edge_L207_leaves_no_connection_that_was_being_made, over ${library}`, async () => {
      const own = await RedisServer.open();
      const watching = await connect(own.port);
      const connections = async () =>
        String(await watching.send("CLIENT", "LIST"))
          .trim()
          .split("\n").length;
      try {
        const mine = await connect(own.port);
        assert.equal(await redisRevocation(mine.client).isRevoked(session("s1")), false);
        mine.end();
        // What was begun before the answer has come to the server by now.
        for (let asked = 0; asked < 20; asked += 1) await connections();
        await until("only the one that watches is there", async () => (await connections()) === 1);
      } finally {
        watching.end();
        await own.stop();
      }
    });

    test(`edge_L204_lets_nobody_in_for_what_it_can_not_read, over ${library}`, async () => {
      const sid = fresh();
      const prefix = `${sid}:`;
      const store = redisRevocation(here.client, { prefix, cacheTtl: 0 });
      await store.revokeSession(ISSUER, sid, 900);
      const [key = ""] = (await admin.send("KEYS", `${prefix}*`)) as string[];
      for (const value of ["garbage", '{"made":1e999}', '{"made":', "x".repeat(5_000_000)]) {
        await admin.send("SET", key, value);
        assert.equal(await store.isRevoked(session(sid)), true, value.slice(0, 20));
      }
      await admin.send("DEL", key);
      await admin.send("RPUSH", key, "a list");
      await assert.rejects(async () => store.isRevoked(session(sid)), /WRONGTYPE/);
      // To revoke puts it right.
      await store.revokeSession(ISSUER, sid, 900);
      assert.equal(await store.isRevoked(session(sid)), true);
      assert.match(String(await admin.send("GET", key)), /^\{"made":[\d.]+\}$/);
    });

    test(`edge_L205_names_no_user_and_no_token_and_gives_each_entry_an_end, over ${library}`, async () => {
      const prefix = `${fresh()}:`;
      const store = redisRevocation(here.client, { prefix });
      const now = Date.now() / 1000;
      await store.revokeToken(ISSUER, "jti-of-alice", now + 900);
      await store.revokeSession(ISSUER, "sid-of-alice", 900);
      await store.revokeUser(ISSUER, "alice", 900);
      const keys = (await admin.send("KEYS", `${prefix}*`)) as string[];
      assert.equal(keys.length, 3);
      const lives: number[] = [];
      for (const key of keys) {
        assert.match(key.slice(prefix.length), /^[0-9a-f]{64}$/);
        assert.match(String(await admin.send("GET", key)), /^\{"made":[\d.]+\}$/);
        lives.push(Math.ceil(Number(await admin.send("PTTL", key)) / 1000));
      }
      // A token's stands for the most slack that a verifier can have longer.
      lives.sort((one, other) => one - other);
      for (const [place, wanted] of [900, 900, 1_500].entries())
        assert.ok(Math.abs(lives[place]! - wanted) <= 30, `${lives}`);
    });

    test(`edge_L205_needs_no_rights_but_those_of_its_commands, over ${library}`, async () => {
      const prefix = `${fresh().replace(" ", "-")}:`;
      await admin.send(
        ...["ACL", "SETUSER", "app", "reset", "on", ">secret", `~${prefix}*`, `&${prefix}*`],
        ...["+eval", "+getrange", "+pttl", "+publish", "+set", "+subscribe", "+time"],
        // Of the clients themselves.
        ...["+@connection", "+info"],
      );
      const mine = await connect(server.port, { username: "app", password: "secret" });
      try {
        const reads = countReads(mine);
        const store = redisRevocation(mine.client, { prefix });
        await untilRemembered(store, reads, session("s1"));
        await store.revokeSession(ISSUER, "s1", 900);
        await store.revokeSession(ISSUER, "s1", 900);
        assert.equal(await store.isRevoked(session("s1")), true);
        const sets = redisJwksStore(mine.client, { prefix });
        const set = { body: "{}", fetchedAt: Date.now() };
        await sets.put("a", set, 60);
        await sets.put("a", set, 60);
        assert.deepEqual(await sets.get("a"), set);
      } finally {
        mine.end();
      }
    });

    test(`edge_L206_remembers_a_bounded_number_of_answers_and_forgets_one_that_changes, over ${library}`, async () => {
      const reads = countReads(here);
      const prefix = `${fresh()}:`;
      const store = redisRevocation(here.client, { prefix });
      await untilRemembered(store, reads, session("first"));
      const ask = (from: number) =>
        Promise.all(
          Array.from({ length: 500 }, (_, more) => store.isRevoked(session(`${from + more}`))),
        );
      for (let from = 0; from < 10_000; from += 500)
        await until("all of these are remembered", async () => {
          const before = reads();
          await ask(from);
          return reads() === before;
        });
      const before = reads();
      await store.isRevoked(session("first"));
      assert.equal(reads(), before + 1, "the first is forgotten");
      const none = redisRevocation(here.client, { prefix, cacheTtl: 0 });
      for (let times = 1; times <= 3; times += 1) {
        await none.isRevoked(session("9999"));
        assert.equal(reads(), before + 1 + times, "with cacheTtl 0 each question is asked");
      }
    });

    test(`edge_K208_hands_a_set_from_process_to_process, over ${library}`, async () => {
      const { jwk } = await keyPair();
      let fetches = 0;
      const prefix = `${fresh()}:`;
      const verifierOf = ({ client }: TestClient) =>
        createVerifier({
          issuers: {
            issuer: ISSUER,
            audience: AUDIENCE,
            algorithms: ["ES256"],
            jwksUri: "https://issuer.example/jwks",
          },
          jwks: {
            store: redisJwksStore(client, { prefix }),
            fetch: async () => {
              fetches += 1;
              return Response.json({ keys: [jwk] });
            },
          },
        });
      const now = Math.floor(Date.now() / 1000);
      const token = await sign(claims({ iat: now, exp: now + 900 }));
      const source = async (one: TestClient) => (await verifierOf(one).verify(token)).keys.source;
      assert.equal(await source(here), "network");
      let key = "";
      await until("it is stored", async () => {
        [key = ""] = (await admin.send("KEYS", `${prefix}*`)) as string[];
        return key !== "";
      });
      assert.deepEqual([await source(there), fetches], ["store", 1]);
      // Freshness plus the longest time that a stale set may serve.
      const life = Number(await admin.send("TTL", key));
      assert.ok(life > 86_000 && life <= 87_001, `${life} s`);
      const good = String(await admin.send("GET", key));
      for (const odd of ["", "garbage", "1 garbage", `${good.slice(0, -1)}`]) {
        await admin.send("SET", key, odd);
        assert.equal(await source(there), "network", odd.slice(0, 20));
        await until("it has put it right", async () => (await admin.send("GET", key)) !== odd);
      }
      await admin.send("DEL", key);
      await admin.send("RPUSH", key, "a list");
      assert.equal(await source(there), "network");
      await until("it has put it right", async () => (await admin.send("TYPE", key)) === "string");
    });

    test(`edge_K209_keeps_the_newer_set_and_none_that_is_too_large, over ${library}`, async () => {
      const store = redisJwksStore(here.client, { prefix: `${fresh()}:` });
      assert.equal(await store.get("a"), null);
      const now = Date.now();
      const of = (fetchedAt: number, body = "{}") => ({ body, fetchedAt, etag: '"ä"' });
      const puts = Array.from({ length: 100 }, (_, place) => of(now - ((place * 37) % 100)));
      await Promise.all(puts.map((one) => store.put("a", one, 60)));
      assert.deepEqual(await store.get("a"), of(now));
      // A clock that was far ahead holds up nobody.
      await store.put("a", of(now + 3_600_000), 60);
      await store.put("a", of(now + 1), 60);
      assert.deepEqual(await store.get("a"), of(now + 1));
      await store.put("a", of(now + 2, "x".repeat(1_048_576)), 60);
      assert.deepEqual(await store.get("a"), of(now + 1));
      await store.put("b", of(now, "x".repeat(1_000_000)), 60);
      assert.equal((await store.get("b"))?.body.length, 1_000_000);
    });
  });
}

test("edge_L206_asks_each_question_over_a_cluster", async () => {
  const cluster = await RedisServer.open("cluster");
  const node = { host: "127.0.0.1", port: cluster.port };
  const [one, other] = [
    createCluster({ rootNodes: [{ socket: node }] }),
    new Cluster([node]),
  ] as const;
  try {
    await one.connect();
    const [here, there] = [redisRevocation(one), redisRevocation(other)];
    for (const sid of ["s1", "s2", "s3"]) {
      assert.equal(await here.isRevoked(session(sid)), false);
      assert.equal(await there.isRevoked(session(sid)), false);
      await here.revokeSession(ISSUER, sid, 900);
      assert.equal(await there.isRevoked(session(sid)), true);
      await there.revokeUser(ISSUER, sid, 900);
      assert.equal(await here.isRevoked(user(sid, 0)), true);
    }
  } finally {
    one.destroy();
    other.disconnect();
    await cluster.stop();
  }
});

for (const [library, connect] of Object.entries(CLIENTS))
  test(`edge_Q304_of_equal_proofs_exactly_one_is_the_first_in_redis, over ${library}`, async () => {
    const [one, other] = [await connect(server.port), await connect(server.port)];
    try {
      const name = fresh();
      const expiresAt = Date.now() / 1000 + 100;
      const use = { name, thumbprint: "t", expiresAt };
      const stores = [redisReplay(one.client), redisReplay(other.client)];
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, place) => stores[place % 2]!.firstUse(use)),
      );
      assert.deepEqual([answers.filter((first) => first).length, answers.length], [1, 100]);
      assert.equal(await stores[0]!.firstUse({ ...use, name: fresh() }), true);
      // A minute beyond its end, and no longer.
      const life = Number(await one.send("PTTL", `tokenkeep:proof:${name}`));
      assert.ok(life > 100_000 && life <= 160_000, String(life));
      // By the verifier's clock, which may be another than that of Redis.
      const early = redisReplay(one.client, { prefix: "x:", clock: () => 1_000_000 });
      assert.equal(await early.firstUse({ ...use, expiresAt: 1_001 }), true);
      assert.ok(Number(await one.send("PTTL", `x:${name}`)) <= 61_000);
      assert.equal(await early.firstUse({ ...use, expiresAt: 1_001 }), false);
    } finally {
      one.end();
      other.end();
    }
  });

for (const [library, connect] of Object.entries(CLIENTS))
  test(`edge_Q306_while_redis_is_away_no_proof_is_the_first, over ${library}`, async () => {
    const mine = await RedisServer.open();
    const { client, end } = await connect(mine.port);
    try {
      const store = redisReplay(client, { timeout: 200 });
      const use = (name: string) => ({ name, thumbprint: "t", expiresAt: Date.now() / 1000 + 9 });
      assert.equal(await store.firstUse(use("a")), true);
      mine.pause();
      await assert.rejects(async () => store.firstUse(use("b")));
      mine.resume();
      await mine.stop();
      await assert.rejects(async () => store.firstUse(use("c")));
    } finally {
      end();
      mine.resume();
      await mine.stop();
    }
  });

test("edge_G62_takes_no_client_of_redis_that_is_none_and_no_odd_option", () => {
  const client = { getRange: async () => "", on: () => undefined } as unknown as RedisClient;
  const odd = {} as RedisClient;
  const calls: (() => unknown)[] = [
    () => redisRevocation(odd),
    () => redisJwksStore(odd),
    () => redisRevocation(null as unknown as RedisClient),
    () => redisRevocation(client, { cacheTtl: -1 }),
    () => redisRevocation(client, { timeout: 0 }),
    () => redisRevocation(client, { prefix: 1 as unknown as string }),
    () => redisRevocation(client, { ttl: 1 } as object),
    () => redisJwksStore(client, { timeout: Number.NaN }),
    () => redisJwksStore(client, { prefix: 1 as unknown as string }),
    () => redisReplay(odd),
    () => redisReplay(client, { prefix: 1 as unknown as string }),
    () => redisReplay(client, { timeout: 0 }),
    () => redisReplay(client, { clock: 1 as unknown as () => number }),
    () => redisReplay(client, { ttl: 1 } as object),
  ];
  for (const [place, call] of calls.entries())
    assert.throws(
      call,
      (error) => error instanceof VerifyError && error.code === "config_invalid",
      String(place),
    );
});

for (const runtime of RUNTIMES)
  for (const [library, connect] of Object.entries(CLIENTS))
    test(`edge_L207_tells_a_process_in_${runtime}_over_${library}_which_ends_with_its_client`, async () => {
      const sid = `${runtime} ${library}`;
      const words = [library, String(server.port), sid, built("redis"), built("edge")];
      const child = start(runtime, program, ...words);
      const mine = await connect(server.port);
      try {
        const store = redisRevocation(mine.client, { cacheTtl: 0 });
        let revokedAt = 0;
        const { code, output } = await ended(child, (said) => {
          if (revokedAt > 0 || !said.includes("waiting")) return;
          revokedAt = Date.now();
          void store.revokeSession(ISSUER, sid, 900).then(() => {
            revokedAt = Date.now();
          });
        });
        assert.equal(code, 0, output);
        // The last question whose answer was no; how long the machine took with it is no matter.
        const lastAsked = Number(/^revoked after (\d+)$/m.exec(output)?.[1]);
        assert.ok(lastAsked - revokedAt < 1_000, `${lastAsked - revokedAt} ms`);
      } finally {
        mine.end();
      }
    });
