// What an adversary's review found, each as the attack that it was. The groups are those of behaviours.txt.

import assert from "node:assert/strict";
import { createVerifier, type KeyValue, kvRevocation, memoryRevocation } from "tokenkeep/edge";
import { AUDIENCE, bench, claims, Clock, edge, ISSUER, keyPair, NOW, refused, sign } from "./kit.ts";

const revoked = (jti: string) => ({ issuer: ISSUER, jti, sid: null, sub: null, iat: NOW });

/** KV that answers when it is told to, and remembers for how long it was asked to keep what. */
class SlowKv implements KeyValue {
  readonly entries = new Map<string, { text: string; ttl: number }>();
  hold: Promise<void> | null = null;
  async get(key: string): Promise<string | null> {
    const text = this.entries.get(key)?.text ?? null;
    await this.hold;
    return text;
  }
  async put(key: string, text: string, { expirationTtl = Number.NaN }: { expirationTtl?: number } = {}): Promise<void> {
    if (!(expirationTtl >= 60)) throw new TypeError(`KV takes no expirationTtl of ${expirationTtl}`);
    this.entries.set(key, { text, ttl: expirationTtl });
  }
  async delete(key: string): Promise<void> {
    this.entries.delete(key);
  }
}

edge("edge_L95_lets_no_answer_that_was_on_its_way_undo_a_revocation", async () => {
  const kv = new SlowKv();
  const revocation = kvRevocation(kv, { clock: () => NOW * 1000 });
  let release = () => undefined as void;
  kv.hold = new Promise((resolve) => (release = resolve));
  const asked = Promise.resolve(revocation.isRevoked(revoked("t1")));
  // Its read has begun, and found nothing.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  kv.hold = null;
  await revocation.revokeToken(ISSUER, "t1", NOW + 900);
  release();
  await asked;
  assert.equal(await revocation.isRevoked(revoked("t1")), true);
});

edge("edge_L95_lets_no_second_revocation_end_before_the_first", async () => {
  const clock = new Clock();
  const kv = new SlowKv();
  const stores = [kvRevocation(kv, { clock: clock.read, cacheTtl: 0 }), memoryRevocation({ clock: clock.read })];
  for (const store of stores) {
    await store.revokeSession(ISSUER, "s1", 86_400);
    await store.revokeSession(ISSUER, "s1", 60);
    await store.revokeUser(ISSUER, "alice", 86_400);
    await store.revokeUser(ISSUER, "alice", 60);
  }
  assert.deepEqual([...kv.entries.values()].map(({ ttl }) => ttl), [86_400, 86_400]);
});

edge("edge_L95_forgets_nothing_silently_where_the_time_makes_no_sense", async () => {
  const kv = new SlowKv();
  for (const store of [memoryRevocation({ clock: () => NOW * 1000 }), kvRevocation(kv, { clock: () => NOW * 1000 })]) {
    for (const odd of [Number.NaN, Infinity, undefined, null, "900"] as number[]) {
      await assert.rejects(store.revokeToken(ISSUER, "t1", odd), RangeError, String(odd));
      await assert.rejects(store.revokeSession(ISSUER, "s1", odd), RangeError, String(odd));
      await assert.rejects(store.revokeUser(ISSUER, "alice", odd), RangeError, String(odd));
    }
    for (const odd of [undefined, null, 1] as unknown as string[]) await assert.rejects(store.revokeToken(ISSUER, odd, NOW + 900), TypeError, String(odd));
  }
  assert.equal(kv.entries.size, 0);
});

edge("edge_L95_remembers_answers_no_longer_when_the_clock_is_set_back", async () => {
  const clock = new Clock();
  const kv = new SlowKv();
  const [here, there] = [kvRevocation(kv, { clock: clock.read }), kvRevocation(kv, { clock: clock.read })];
  assert.equal(await here.isRevoked(revoked("t1")), false);
  await there.revokeToken(ISSUER, "t1", NOW + 900);
  clock.forward(-3_600);
  assert.equal(await here.isRevoked(revoked("t1")), true);
});

edge("edge_M112_hands_claims_on_with_a_request_whose_body_was_read", async () => {
  const { verifier } = await bench();
  const handler = verifier.guard((request: Request) => new Response(request.headers.get("X-User")), { forward: { "X-User": "sub" } });
  const request = new Request("https://api.example/x", { method: "POST", body: "text", headers: { Authorization: `Bearer ${await sign()}`, "X-User": "admin" } });
  assert.equal(await request.text(), "text");
  const response = await handler(request, {}, { waitUntil: () => undefined });
  assert.deepEqual([response.status, await response.text()], [200, "alice"]);
});

edge("edge_M112_hands_the_body_on", async () => {
  const { verifier } = await bench();
  const handler = verifier.guard(async (request: Request) => new Response(`${request.method} ${await request.text()}`), { forward: { "X-User": "sub" } });
  const request = new Request("https://api.example/x", { method: "POST", body: "text", headers: { Authorization: `Bearer ${await sign()}` } });
  assert.equal(await (await handler(request, {}, { waitUntil: () => undefined })).text(), "POST text");
});

edge("edge_L101_takes_what_a_resolver_gives_for_the_issuer_that_was_asked_for_alone", async () => {
  const { jwk } = await keyPair();
  const known = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] as const, jwks: { keys: [jwk] } };
  const verifier = createVerifier({ issuers: (name) => (name.startsWith(ISSUER) ? known : null), clock: () => NOW * 1000 });
  await verifier.verify(await sign());
  await refused(verifier.verify(await sign(claims({ iss: `${ISSUER}.evil.example` }))), "config_invalid");
});
