// Group L: what the stores of revocations take, and which of two cut-offs stays.

import assert from "node:assert/strict";
import { type KeyValue, kvRevocation, memoryRevocation, VerifyError } from "tokenkeep/edge";
import { Clock, edge, ISSUER, NOW, refusal } from "./kit.ts";

/** KV with a way to have it wait, and to have it answer as a place that lags does. */
class Kv implements KeyValue {
  readonly entries = new Map<string, { text: string; ttl: number }>();
  /** What a read waits for, and then gives in place of what stands there. */
  nextRead: Promise<string | null> | null = null;
  nextWrite: Promise<void> | null = null;
  async get(key: string): Promise<string | null> {
    const held = this.nextRead;
    this.nextRead = null;
    return held ?? this.entries.get(key)?.text ?? null;
  }
  async put(key: string, text: string, options: { expirationTtl?: number } = {}): Promise<void> {
    const held = this.nextWrite;
    this.nextWrite = null;
    await held;
    this.entries.set(key, { text, ttl: options.expirationTtl ?? Number.NaN });
  }
  async delete(key: string): Promise<void> {
    this.entries.delete(key);
  }
}

function stores(clock: Clock, kv = new Kv()) {
  return [
    memoryRevocation({ clock: clock.read }),
    kvRevocation(kv, { clock: clock.read }),
    kvRevocation(new Kv(), { clock: clock.read, cacheTtl: 0 }),
  ];
}
const alice = (iat: number | null) => ({ issuer: ISSUER, jti: null, sid: null, sub: "alice", iat });

edge("edge_L137_takes_no_revocation_of_nothing", async () => {
  const kv = new Kv();
  const clock = new Clock();
  for (const store of [memoryRevocation({ clock: clock.read }), kvRevocation(kv)]) {
    const texts = ["", undefined, null, 1, {}] as string[];
    const times = [Number.NaN, Infinity, -Infinity, -1, undefined, null, "900"] as number[];
    const calls = [
      ...texts.flatMap((odd) => [
        store.revokeToken(ISSUER, odd, NOW + 900),
        store.revokeToken(odd, "t1", NOW + 900),
        store.revokeSession(ISSUER, odd, 900),
        store.revokeSession(odd, "s1", 900),
        store.revokeUser(ISSUER, odd, 900),
        store.revokeUser(odd, "alice", 900),
      ]),
      ...times.flatMap((odd) => [
        store.revokeToken(ISSUER, "t1", odd),
        store.revokeSession(ISSUER, "s1", odd),
        store.revokeUser(ISSUER, "alice", odd),
        ...(odd === undefined ? [] : [store.revokeUser(ISSUER, "alice", 900, odd)]),
      ]),
      store.revokeSession(ISSUER, "s1", 0),
      store.revokeUser(ISSUER, "alice", 0),
    ];
    for (const [place, call] of calls.entries()) {
      const error = await refusal(call);
      assert.ok(error instanceof VerifyError);
      assert.deepEqual([error.code, error.category], ["config_invalid", "config"], `${place}`);
    }
    assert.equal(
      await store.isRevoked({ issuer: ISSUER, jti: "t1", sid: "s1", sub: "alice", iat: NOW }),
      false,
    );
  }
  assert.equal(kv.entries.size, 0);
});

edge("edge_L138_knows_what_it_revoked_while_kv_answers_as_before", async () => {
  const clock = new Clock();
  for (const cacheTtl of [0, 30]) {
    const kv = new Kv();
    kv.get = async () => null;
    const store = kvRevocation(kv, { clock: clock.read, cacheTtl });
    await store.revokeUser(ISSUER, "alice", 900);
    assert.equal(await store.isRevoked(alice(NOW)), true);
  }
});

edge("edge_L138_cuts_off_what_the_issuer_had_issued_by_its_own_clock", async () => {
  const clock = new Clock();
  for (const store of stores(clock)) {
    // The issuer's clock is 20 seconds ahead of ours.
    await store.revokeUser(ISSUER, "alice", 900, NOW + 20);
    for (const [iat, isRevoked] of [
      [NOW, true],
      [NOW + 20, true],
      [NOW + 20.9, true],
      [NOW + 21, false],
      [null, true],
    ] as const)
      assert.equal(await store.isRevoked(alice(iat)), isRevoked, String(iat));
  }
});

edge("edge_L138_cuts_at_the_present_second_where_nothing_else_is_said", async () => {
  const clock = new Clock();
  clock.forward(0.7);
  for (const store of stores(clock)) {
    await store.revokeUser(ISSUER, "alice", 900);
    for (const [iat, isRevoked] of [
      [NOW, true],
      [NOW + 0.9, true],
      [NOW + 1, false],
    ] as const)
      assert.equal(await store.isRevoked(alice(iat)), isRevoked, String(iat));
  }
});

edge("edge_L138_keeps_the_later_of_two_cut_offs_and_the_longer_of_two_lives", async () => {
  for (const [first, second] of [
    [
      { cut: NOW + 100, ttl: 900 },
      { cut: NOW + 50, ttl: 60 },
    ],
    [
      { cut: NOW + 50, ttl: 900 },
      { cut: NOW + 100, ttl: 60 },
    ],
    [
      { cut: NOW + 50, ttl: 60 },
      { cut: NOW + 100, ttl: 900 },
    ],
    [
      { cut: NOW + 100, ttl: 60 },
      { cut: undefined, ttl: 900 },
    ],
  ]) {
    const clock = new Clock();
    const kv = new Kv();
    for (const store of stores(clock, kv)) {
      clock.now = NOW * 1000;
      await store.revokeUser(ISSUER, "alice", first?.ttl ?? 0, first?.cut);
      clock.forward(10);
      await store.revokeUser(ISSUER, "alice", second?.ttl ?? 0, second?.cut);
      clock.forward(100);
      assert.equal(await store.isRevoked(alice(NOW + 100)), true);
      assert.equal(await store.isRevoked(alice(NOW + 101)), false);
      clock.forward(700);
      assert.equal(await store.isRevoked(alice(NOW + 100)), true, "the longer life");
    }
    const [entry] = kv.entries.values();
    assert.ok((entry?.ttl ?? 0) >= 890, String(entry?.ttl));
  }
});

edge("edge_L138_lets_a_cut_off_that_is_over_extend_no_later_one", async () => {
  const clock = new Clock();
  const store = memoryRevocation({ clock: clock.read });
  await store.revokeUser(ISSUER, "alice", 10, NOW + 500);
  clock.forward(20);
  await store.revokeUser(ISSUER, "alice", 900);
  assert.equal(await store.isRevoked(alice(NOW + 20)), true);
  assert.equal(await store.isRevoked(alice(NOW + 21)), false);
});

edge("edge_L138_keeps_the_later_cut_off_of_two_that_are_made_at_once", async () => {
  const kv = new Kv();
  const clock = new Clock();
  const store = kvRevocation(kv, { clock: clock.read });
  let write = () => undefined as void;
  // The earlier cut-off is the last to be written.
  kv.nextWrite = new Promise((resolve) => (write = resolve));
  const early = store.revokeUser(ISSUER, "alice", 900, NOW + 50);
  const later = store.revokeUser(ISSUER, "alice", 900, NOW + 100);
  await later;
  write();
  await early;
  const other = kvRevocation(kv, { clock: clock.read });
  for (const one of [store, other]) {
    assert.equal(await one.isRevoked(alice(NOW + 100)), true);
    assert.equal(await one.isRevoked(alice(NOW + 101)), false);
  }
});

edge("edge_L138_serves_no_earlier_cut_off_after_a_later_one", async () => {
  const kv = new Kv();
  const clock = new Clock();
  const [here, there] = [
    kvRevocation(kv, { clock: clock.read }),
    kvRevocation(kv, { clock: clock.read }),
  ];
  await there.revokeUser(ISSUER, "alice", 900, NOW + 50);
  const lagging = [...kv.entries.values()][0]?.text ?? null;
  await here.revokeUser(ISSUER, "alice", 900, NOW + 100);
  // KV shows the place of `here` for longer than it remembers what stood there before.
  clock.forward(120);
  kv.nextRead = Promise.resolve(lagging);
  assert.equal(await here.isRevoked(alice(NOW + 100)), true);
  // A read that began before a revocation was seen answers after it.
  let answer = (_: string | null) => undefined as void;
  clock.forward(60);
  kv.nextRead = new Promise((resolve) => (answer = resolve));
  const [first, second] = [there.isRevoked(alice(NOW + 100)), there.isRevoked(alice(NOW + 100))];
  assert.equal(await second, true);
  answer(null);
  await first;
  assert.equal(await there.isRevoked(alice(NOW + 100)), true);
});
