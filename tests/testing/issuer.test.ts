// The issuer and the KV that `tokenkeep/testing` gives to the tests of servers. What the issuer
// signs, jose verifies; the verifier takes it, and refuses what only looks like it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import {
  type Algorithm,
  createVerifier,
  kvJwksStore,
  kvRevocation,
  VerifyError,
} from "tokenkeep/edge";
import { memoryKv, testIssuer } from "tokenkeep/testing";

const SECRET = new TextEncoder().encode(
  "a secret of sixty-four bytes is enough for every HS algorithm ...",
);

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: unknown) => (error instanceof VerifyError ? error.code : String(error)),
  );

const asymmetric: readonly Algorithm[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
for (const algorithm of asymmetric) {
  test(`edge_J210_tokens_of_a_test_issuer_verify_everywhere_${algorithm}`, async () => {
    const issuer = testIssuer({ algorithm });
    const token = await issuer.mint({ sub: "ada", scope: "read" });
    const keys = createLocalJWKSet((await issuer.jwks()) as never);
    const { payload } = await jwtVerify(token, keys, {
      issuer: "https://issuer.test",
      audience: "https://api.test",
      typ: "at+jwt",
    });
    assert.equal(payload.sub, "ada");
    const verifier = createVerifier({
      issuers: issuer.options,
      profile: "access-token",
      jwks: { fetch: issuer.fetch },
    });
    const verified = await verifier.verify(token);
    assert.deepEqual([verified.claims.sub, [...verified.scopes]], ["ada", ["read"]]);
  });
}

for (const algorithm of ["HS256", "HS384", "HS512"] as const) {
  test(`edge_J210_tokens_of_a_test_issuer_verify_everywhere_${algorithm}`, async () => {
    const issuer = testIssuer({ algorithm, secret: SECRET });
    const token = await issuer.mint({ sub: "ada" });
    assert.equal((await jwtVerify(token, SECRET)).payload.sub, "ada");
    const verifier = createVerifier({ issuers: issuer.options });
    assert.equal((await verifier.verify(token)).claims.sub, "ada");
  });
}

test("edge_J210_a_test_mints_every_near_miss", async () => {
  const issuer = testIssuer({ issuer: "https://auth.example.com", audience: "orders" });
  const twin = testIssuer({ issuer: "https://auth.example.com", audience: "orders" });
  const verifier = createVerifier({
    issuers: issuer.options,
    profile: "access-token",
    jwks: { fetch: issuer.fetch },
  });
  const of = async (minted: Promise<string>) => codeOf(verifier.verify(await minted));
  assert.equal(await of(issuer.mint()), "accepted");
  assert.equal(await of(twin.mint()), "signature.invalid");
  assert.equal(await of(issuer.mint({ aud: "other" })), "claim.aud");
  assert.equal(await of(issuer.mint({ exp: 1_600_000_000 })), "token.expired");
  assert.equal(await of(issuer.mint({ jti: undefined })), "claim.jti");
  assert.equal(await of(issuer.mint({}, { typ: "JWT" })), "header.typ");
  assert.equal(await of(issuer.mint({}, { kid: "another" })), "key.unknown");
});

test("edge_J210_keys_rotate_and_are_forgotten_by_the_clock_that_is_given", async () => {
  let now = Date.UTC(2030, 0, 1);
  const clock = () => now;
  const issuer = testIssuer({ clock });
  const verifier = createVerifier({
    issuers: issuer.options,
    clock,
    jwks: { fetch: issuer.fetch },
  });
  const old = await issuer.mint();
  await verifier.verify(old);
  now += 60_000;
  issuer.rotate();
  assert.equal(await codeOf(verifier.verify(await issuer.mint())), "accepted");
  assert.equal(await codeOf(verifier.verify(old)), "accepted");
  issuer.rotate({ forget: true });
  now += 660_000;
  assert.equal(await codeOf(verifier.verify(await issuer.mint())), "accepted");
  assert.deepEqual((await issuer.jwks()).keys.length, 1);
  assert.equal((await issuer.fetch("https://issuer.test/elsewhere")).status, 404);
});

test("edge_K211_memory_kv_expires_by_its_clock_and_refuses_what_workers_kv_refuses", async () => {
  let now = 0;
  const kv = memoryKv({ clock: () => now });
  assert.equal(await kv.get("a"), null);
  await kv.put("a", "1");
  await kv.put("b", "2", { expirationTtl: 60 });
  assert.deepEqual([await kv.get("a"), await kv.get("b"), kv.keys()], ["1", "2", ["a", "b"]]);
  now = 59_999;
  assert.equal(await kv.get("b"), "2");
  now = 60_000;
  assert.deepEqual([await kv.get("b"), kv.keys()], [null, ["a"]]);
  await kv.delete("a");
  assert.equal(await kv.get("a"), null);
  for (const expirationTtl of [59, 0, -1, Number.NaN])
    await assert.rejects(kv.put("c", "3", { expirationTtl }), RangeError);
});

test("edge_K211_memory_kv_carries_key_sets_and_revocations", async () => {
  let now = Date.UTC(2030, 0, 1);
  const clock = () => now;
  const kv = memoryKv({ clock });
  const revocation = kvRevocation(kv, { clock, cacheTtl: 0 });
  const issuer = testIssuer({ clock });
  let fetched = 0;
  const fetch: typeof issuer.fetch = (input) => {
    fetched += 1;
    return issuer.fetch(input);
  };
  const verifierOf = () =>
    createVerifier({
      issuers: issuer.options,
      clock,
      revocation,
      jwks: { fetch, store: kvJwksStore(kv) },
    });
  const token = await issuer.mint({ jti: "t1" });
  await verifierOf().verify(token);
  const other = verifierOf();
  assert.equal((await other.verify(token)).keys.source, "store");
  assert.equal(fetched, 1);
  await revocation.revokeToken(issuer.options.issuer, "t1", Math.floor(now / 1000) + 300);
  assert.equal(await codeOf(other.verify(token)), "token.revoked");
  now += 301_000;
  assert.ok(kv.keys().every((key) => !key.includes("t1")));
});
