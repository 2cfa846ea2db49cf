// Group L: remembered results.

import assert from "node:assert/strict";
import { createVerifier, memoryRevocation } from "tokenkeep/edge";
import {
  AUDIENCE,
  base64url,
  bench,
  bytesOf,
  claims,
  Endpoint,
  edge,
  ISSUER,
  keyPair,
  NOW,
  refused,
  sign,
} from "./kit.ts";

edge("edge_L94_judges_the_dates_at_each_hit", async () => {
  for (const iat of [NOW, undefined]) {
    const { verifier, clock } = await bench();
    const token = await sign(claims({ iat, exp: NOW + 60 }));
    assert.equal((await verifier.verify(token)).cached, false);
    clock.forward(59);
    assert.equal((await verifier.verify(token)).cached, true);
    clock.forward(1);
    await refused(verifier.verify(token), "token.expired");
    await refused(verifier.verify(token), "token.expired");
  }
  const { verifier, clock } = await bench({ clockTolerance: 10, maxTokenAge: 30 });
  const token = await sign(claims({ nbf: NOW }));
  await verifier.verify(token);
  clock.forward(40);
  await verifier.verify(token);
  clock.forward(1);
  await refused(verifier.verify(token), "token.expired", "the age counts too");
  clock.forward(-60);
  await refused(
    verifier.verify(token),
    "token.not_yet_valid",
    "and nbf, when the clock is set back",
  );
});

edge("edge_L95_asks_about_revocation_at_each_hit", async () => {
  let asked = 0;
  let answer: unknown = false;
  const isRevoked = async () => ((asked += 1), answer as boolean);
  const { verifier } = await bench({ revocation: { isRevoked } });
  const token = await sign();
  for (let hit = 1; hit <= 3; hit += 1) {
    await verifier.verify(token);
    assert.equal(asked, hit);
  }
  answer = true;
  await refused(verifier.verify(token), "token.revoked");
  for (answer of [undefined, null, 0, "false"])
    await refused(verifier.verify(token), "revocation.unavailable");
  answer = Promise.reject(new Error("KV is down"));
  const error = await refused(verifier.verify(token), "revocation.unavailable");
  assert.equal(error.status, 503);
  answer = false;
  await verifier.verify(token);
});

edge("edge_L95_runs_check_at_each_hit", async () => {
  let answer = true;
  const { verifier } = await bench({ check: () => answer });
  const token = await sign();
  await verifier.verify(token);
  answer = false;
  await refused(verifier.verify(token), "claim.custom");
});

edge("edge_L95_revokes_by_token_session_and_user", async () => {
  let now = NOW * 1000;
  const clock = () => now;
  const revocation = memoryRevocation({ clock });
  const { verifier } = await bench({ revocation, clock });
  const token = await sign(claims({ sid: "s1" }));
  const other = await sign(claims({ sid: "s2", jti: "t2", iat: NOW + 5 }));
  await verifier.verify(token);
  await revocation.revokeToken(ISSUER, "t1", NOW + 900);
  await refused(verifier.verify(token), "token.revoked");
  await verifier.verify(other);
  await revocation.revokeSession(ISSUER, "s2", 900);
  await refused(verifier.verify(other), "token.revoked");
  const later = await sign(claims({ jti: "t3", iat: NOW + 10 }));
  const earlier = await sign(claims({ jti: "t4" }));
  const undated = await sign(claims({ jti: "t5", iat: undefined }));
  now += 5_000;
  await revocation.revokeUser(ISSUER, "alice", 900);
  await verifier.verify(later);
  await refused(verifier.verify(earlier), "token.revoked");
  await refused(verifier.verify(undated), "token.revoked");
  await verifier.verify(await sign(claims({ sub: "bob", jti: "t1" })).then(() => later));
  const full = memoryRevocation({ max: 2, clock });
  await full.revokeSession(ISSUER, "a", 1);
  await full.revokeSession(ISSUER, "b", 100);
  await assert.rejects(full.revokeSession(ISSUER, "c", 100), RangeError);
  now += 2_000;
  await full.revokeSession(ISSUER, "c", 100);
  assert.equal(
    await full.isRevoked({ issuer: ISSUER, jti: null, sid: "b", sub: null, iat: null }),
    true,
  );
});

edge("edge_L95_takes_the_twin_of_a_revoked_signature_for_the_same_token", async () => {
  const revocation = memoryRevocation({ clock: () => NOW * 1000 });
  const { verifier } = await bench({ revocation });
  const token = await sign();
  await revocation.revokeToken(ISSUER, "t1", NOW + 900);
  const [header, payload, signature = ""] = token.split(".");
  const bytes = bytesOf(signature);
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = order - bytes.slice(32).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const twin = Uint8Array.from([
    ...bytes.slice(0, 32),
    ...Array.from({ length: 32 }, (_, place) => Number((s >> BigInt(8 * (31 - place))) & 255n)),
  ]);
  await refused(verifier.verify(`${header}.${payload}.${base64url(twin)}`), "token.revoked");
});

edge("edge_L96_looks_at_the_signature_again_when_the_set_has_changed", async () => {
  const { verifier, endpoint, clock } = await bench();
  const token = await sign(claims({ exp: NOW + 5_000 }));
  await verifier.verify(token);
  assert.equal((await verifier.verify(token)).cached, true);
  endpoint.keys.push((await keyPair("ES256", "k2")).jwk);
  clock.forward(600);
  assert.equal((await verifier.verify(token)).cached, false);
  assert.equal((await verifier.verify(token)).cached, true);
});

edge("edge_L97_gives_nothing_that_a_caller_could_change", async () => {
  const { verifier } = await bench();
  const token = await sign(claims({ roles: ["user"], deep: { list: [1] } }));
  const first = await verifier.verify(token);
  assert.throws(() => ((first.claims as Record<string, unknown>)["sub"] = "mallory"), TypeError);
  assert.throws(() => (first.claims["roles"] as string[]).push("admin"), TypeError);
  assert.throws(() => (first.claims["deep"] as { list: number[] }).list.push(2), TypeError);
  assert.throws(() => ((first.header as Record<string, unknown>)["alg"] = "none"), TypeError);
  (first.roles as Set<string>).add("admin");
  (first.scopes as Set<string>).add("admin");
  const second = await verifier.verify(token);
  assert.equal(second.cached, true);
  assert.deepEqual(
    [second.claims.sub, [...second.roles], [...second.scopes]],
    ["alice", ["user"], []],
  );
});

edge("edge_L98_tells_tokens_apart_by_every_character_and_verifiers_by_themselves", async () => {
  const { verifier } = await bench();
  const token = await sign();
  await verifier.verify(token);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const letter of alphabet) {
    const other = token.slice(0, -1) + letter;
    if (other !== token)
      await verifier.verify(other).then(
        () => assert.fail(letter),
        () => undefined,
      );
  }
  const strict = await bench({ issuer: { audience: "https://other.example" } });
  await refused(strict.verifier.verify(token), "claim.aud");
});

edge("edge_L99_remembers_no_failure", async () => {
  const { verifier, endpoint, clock } = await bench();
  endpoint.answer = () => new Response(null, { status: 500 });
  const token = await sign();
  await refused(verifier.verify(token), "jwks.unreachable");
  endpoint.answer = () => Response.json({ keys: endpoint.keys });
  clock.forward(2);
  assert.equal((await verifier.verify(token)).cached, false);
  const early = await sign(claims({ nbf: NOW + 10 }));
  await refused(verifier.verify(early), "token.not_yet_valid");
  clock.forward(10);
  await verifier.verify(early);
});

edge("edge_L100_forgets_the_least_recently_used", async () => {
  const { verifier } = await bench({ resultCacheSize: 2 });
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((jti) => sign(claims({ jti }))));
  const cached = async (token = "") => (await verifier.verify(token)).cached;
  await cached(a);
  await cached(b);
  assert.ok(await cached(a));
  await cached(c);
  assert.deepEqual([await cached(a), await cached(b)], [true, false]);
  const long = await sign(claims({ note: "x".repeat(4_000) }));
  await cached(long);
  assert.equal(await cached(long), false, "a long token is not remembered");
  const off = await bench({ resultCacheSize: 0 });
  await off.verifier.verify(a ?? "");
  assert.equal((await off.verifier.verify(a ?? "")).cached, false);
});

edge("edge_L101_asks_a_resolver_at_each_hit_and_keeps_tenants_apart", async () => {
  const { jwk } = await keyPair();
  const endpoint = new Endpoint(jwk);
  let audience: string | null = AUDIENCE;
  const verifier = createVerifier({
    issuers: async (issuer) =>
      audience === null
        ? null
        : { issuer, audience, algorithms: ["ES256"], jwksUri: `${ISSUER}/k` },
    clock: () => NOW * 1000,
    jwks: { fetch: endpoint.fetch },
  });
  const token = await sign();
  await verifier.verify(token);
  assert.equal((await verifier.verify(token)).cached, true);
  audience = "https://other.example";
  await refused(verifier.verify(token), "claim.aud");
  audience = null;
  await refused(verifier.verify(token), "issuer.unknown");
  audience = AUDIENCE;
  await verifier.verify(token);
  assert.equal(endpoint.fetches, 1, "one address, however the issuer is described");
});

// The signature is checked on bytes in the wasm's memory, where the next token is written before
// the verdict on this one is there. That is sound because the platform copies what it is given;
// each runtime has to show that it does.
for (const alg of ["ES256", "RS256", "EdDSA"] as const) {
  edge(`edge_P14_keeps_tokens_apart_that_are_verified_at_once_${alg}`, async () => {
    const pair = await keyPair(alg);
    const { verifier } = await bench({ keys: [pair.jwk], issuer: { algorithms: [alg] } });
    const subjects = Array.from({ length: 32 }, (_, place) => `user ${place}`);
    const tokens = await Promise.all(subjects.map((sub) => sign(claims({ sub }), {}, pair)));
    await verifier.verify(await sign(claims(), {}, pair));
    // Every third goes with the signature of the one before it.
    const mixed = tokens.map((token, place) => {
      const from = place % 3 === 0 ? tokens.at(place - 1) : token;
      return token.slice(0, token.lastIndexOf(".")) + from?.slice(from.lastIndexOf("."));
    });
    const outcomes = await Promise.all(
      mixed.map((token) =>
        verifier.verify(token).then(
          ({ claims: { sub } }) => sub,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    assert.deepEqual(
      outcomes,
      subjects.map((sub, place) => (place % 3 === 0 ? "signature.invalid" : sub)),
    );
  });
}
