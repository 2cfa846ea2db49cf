// Groups E and F: which key, and the signature.

import assert from "node:assert/strict";
import { calculateJwkThumbprint } from "jose";
import type { Jwk } from "tokenkeep/edge";
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
  makeKeyPair,
  NOW,
  refused,
  sign,
} from "./kit.ts";

const RSA = { algorithms: ["RS256", "ES256"] } as const;

/** What the verifier says about the keys that it passes over, by kid. */
async function skippedOf(keys: readonly unknown[], issuer = {}): Promise<Record<string, string>> {
  const { verifier, events } = await bench({
    keys: [...keys, (await keyPair()).jwk] as Jwk[],
    issuer: { ...RSA, ...issuer },
  });
  await verifier.verify(await sign());
  const told = events.find((event) => event.type === "jwks");
  assert.ok(told?.type === "jwks" && told.skipped !== undefined);
  return Object.fromEntries(told.skipped.map(({ kid, reason }) => [kid ?? "", reason]));
}

edge("edge_E39_passes_over_odd_keys_one_by_one", async () => {
  const rsa = (await keyPair("RS256", "r1")).jwk;
  const ec = (await keyPair("ES256", "k2")).jwk;
  const odd = [
    { kty: "AKP", kid: "akp", alg: "ML-DSA-44", pub: "AA" },
    { kty: "new", kid: "new" },
    { ...rsa, kid: "oaep", alg: "RSA-OAEP" },
    { ...rsa, kid: "enc", use: "enc" },
    { kty: "OKP", kid: "x", crv: "X25519", x: base64url(new Uint8Array(32)) },
    { ...rsa, kid: "padded", n: `${rsa.n}=` },
    { ...ec, kid: "no-y", y: undefined },
    { kid: "no-kty" },
    { ...ec, kid: "k256", crv: "secp256k1" },
    { ...ec, kid: 7 },
    null,
    "text",
    1,
    [],
  ];
  const skipped = await skippedOf(odd);
  assert.deepEqual(Object.keys(skipped).sort(), [
    "",
    "akp",
    "enc",
    "k256",
    "new",
    "no-kty",
    "no-y",
    "oaep",
    "padded",
    "x",
  ]);
  // A malformed certificate is nobody's business: it is not used.
  assert.deepEqual(await skippedOf([{ ...ec, x5c: ["!!"], x5t: 1 }]), {});
});

edge("edge_E39_finds_a_key_by_its_name_wherever_it_stands_and_however_it_is_written", async () => {
  const [ours, other] = [await keyPair(), await keyPair("ES256", "k2")];
  const written = (kid: string, { x, y } = ours.jwk) =>
    `{"kty":"EC","crv":"P-256","x":"${x}","y":"${y}","kid":"${kid}"}`;
  const before = '{"note":"é\u{1F600}","x":{"keys":[1]},';
  const sets: readonly (readonly [string, string, string])[] = [
    ["k1", "k1", `${before}"keys":[{"kid":"k0","x5t":"ü\u{1F600}"},${written("k1")}]}`],
    ["an escape", "k/1", `${before}\n"keys" : [ ${written("k\\/\\u0031")} , {"kid":"k1"} ] }`],
    ["quotes and lines", '"\n\\', `{"\\u006beys":[${written("k1")},${written('\\"\\n\\\\')}]}`],
    [
      "beyond ASCII",
      "clé-\u{1F511}",
      `{"keys":[${written("clé-\u{1F511}", other.jwk)},${written("clé-\u{1F511}")}]}`,
    ],
    ["no letters", "", `{"keys":[${written("")},{"kid":null}]}`],
    ["two names", "k1", `{"keys":[{"kid":"k1","kid":"k1","kty":"EC"},${written("k1")}]}`],
  ];
  for (const [what, kid, set] of sets) {
    const { verifier, endpoint } = await bench();
    endpoint.answer = () => new Response(set);
    assert.equal((await verifier.verify(await sign(claims(), { kid }))).key.kid, kid, what);
    await refused(verifier.verify(await sign(claims(), { kid: "k9" })), "key.unknown", what);
  }
});

edge("edge_E39_takes_nothing_for_a_key_that_is_not_in_the_list", async () => {
  const [ours, other] = [await keyPair(), await keyPair("ES256", "k2")];
  const { kid: _, ...nameless } = other.jwk;
  for (const set of [
    { keys: [nameless], ...ours.jwk },
    { keys: [nameless], ...ours.jwk, kid: "" },
    { keys: [{ ...nameless, keys: [ours.jwk] }] },
  ]) {
    const { verifier, endpoint } = await bench();
    endpoint.answer = () => Response.json(set);
    for (const kid of ["", "k1"])
      await refused(
        verifier.verify(await sign(claims(), { kid })),
        "key.unknown",
        JSON.stringify(set),
      );
  }
});

edge("edge_E40_bounds_RSA_keys", async () => {
  const rsa = (await keyPair("RS256", "r1")).jwk;
  const modulus = (bits: number) =>
    base64url(Uint8Array.from({ length: bits / 8 }, (_, place) => (place === 0 ? 0x80 : 1)));
  const skipped = await skippedOf([
    { ...rsa, kid: "1024", n: modulus(1024) },
    { ...rsa, kid: "2040", n: modulus(2040) },
    { ...rsa, kid: "16384", n: modulus(16_384) },
    { ...rsa, kid: "e1", e: "AQ" },
    { ...rsa, kid: "even", e: "Ag" },
    { ...rsa, kid: "e0", e: "AA" },
    { ...rsa, kid: "huge", e: base64url(new Uint8Array(32).fill(0xff)) },
    { ...rsa, kid: "e3", e: "Aw" },
  ]);
  assert.deepEqual(Object.keys(skipped).sort(), [
    "1024",
    "16384",
    "2040",
    "e0",
    "e1",
    "even",
    "huge",
  ]);
});

edge("edge_E41_refuses_points_that_are_not_on_the_curve", async () => {
  const { jwk } = await keyPair();
  const y = bytesOf(jwk.y ?? "");
  y[31] = (y[31] ?? 0) ^ 1;
  const off = { ...jwk, y: base64url(y) };
  await refused((await bench({ keys: [off] })).verifier.verify(await sign()), "key.unknown");
  const skipped = await skippedOf([
    { ...jwk, kid: "short", x: base64url(new Uint8Array(31)) },
    { ...jwk, kid: "long", x: base64url(new Uint8Array(33)) },
  ]);
  assert.deepEqual(Object.keys(skipped), ["short", "long"]);
});

edge("edge_E42_obeys_use_and_key_ops", async () => {
  const { jwk } = await keyPair();
  for (const more of [
    { use: "enc" },
    { use: 1 },
    { key_ops: ["sign"] },
    { key_ops: [] },
    { key_ops: "verify" },
    { key_ops: ["verify", "verify"] },
  ]) {
    const { verifier } = await bench({ keys: [{ ...jwk, ...more } as Jwk] });
    await refused(verifier.verify(await sign()), "key.unknown", JSON.stringify(more));
  }
  for (const more of [
    { use: "sig" },
    { key_ops: ["verify"] },
    { key_ops: ["sign", "verify"], use: "sig", ext: true },
  ]) {
    await (await bench({ keys: [{ ...jwk, ...more }] })).verifier.verify(await sign());
  }
});

edge("edge_E43_obeys_the_alg_of_a_key", async () => {
  const { jwk } = await keyPair();
  for (const alg of ["ES384", "RS256", "es256", "none", 1]) {
    await refused(
      (await bench({ keys: [{ ...jwk, alg } as Jwk] })).verifier.verify(await sign()),
      "key.unknown",
      String(alg),
    );
  }
  const { alg: _, ...unpinned } = jwk;
  await (await bench({ keys: [unpinned] })).verifier.verify(await sign());
});

edge("edge_E44_uses_no_published_private_key", async () => {
  const { jwk } = await keyPair();
  for (const member of ["d", "p", "q", "dp", "dq", "qi", "oth"]) {
    await refused(
      (await bench({ keys: [{ ...jwk, [member]: "AA" }] })).verifier.verify(await sign()),
      "key.unknown",
      member,
    );
  }
});

edge("edge_E45_uses_no_published_secret", async () => {
  assert.deepEqual(
    await skippedOf([{ kty: "oct", kid: "o", k: base64url(new Uint8Array(32)), alg: "HS256" }]),
    { o: "a symmetric key" },
  );
});

edge("edge_E46_finds_a_key_without_a_kid_among_a_few", async () => {
  const pairs = await Promise.all(
    ["k1", "k2", "k3", "k4", "k5"].map((kid) => keyPair("ES256", kid)),
  );
  const jwks = pairs.map(({ jwk }) => jwk);
  const [first] = pairs;
  const token = await sign(claims(), { kid: undefined }, first);
  assert.equal(
    (await (await bench({ keys: jwks.slice(0, 1) })).verifier.verify(token)).key.kid,
    "k1",
  );
  assert.equal(
    (await (await bench({ keys: jwks.slice(0, 4).reverse() })).verifier.verify(token)).key.kid,
    "k1",
  );
  await refused(
    (await bench({ keys: jwks.slice(1, 4) })).verifier.verify(token),
    "signature.invalid",
  );
  await refused((await bench({ keys: jwks })).verifier.verify(token), "key.unknown");
});

edge("edge_E47_takes_two_keys_under_one_kid", async () => {
  const rsa = await keyPair("RS256", "k1");
  const ec = await keyPair();
  for (const keys of [
    [rsa.jwk, ec.jwk],
    [ec.jwk, rsa.jwk],
    [ec.jwk, ec.jwk, rsa.jwk],
  ]) {
    const { verifier } = await bench({ keys, issuer: RSA });
    assert.equal((await verifier.verify(await sign())).key.alg, "ES256");
    assert.equal((await verifier.verify(await sign(claims(), {}, rsa))).key.alg, "RS256");
  }
});

edge("edge_E48_tries_no_other_key_when_the_named_one_fails", async () => {
  const other = await keyPair("ES256", "k2");
  const { verifier, endpoint, clock } = await bench({ keys: [(await keyPair()).jwk, other.jwk] });
  const forged = await sign(claims(), { kid: "k1" }, other);
  for (let tries = 0; tries < 20; tries += 1) {
    await refused(verifier.verify(forged), "signature.invalid");
    clock.forward(2);
  }
  assert.ok(endpoint.fetches <= 2, `${endpoint.fetches} fetches`);
});

edge("edge_E49_takes_no_key_of_another_issuer", async () => {
  const [ours, theirs] = [await makeKeyPair("ES256", "same"), await makeKeyPair("ES256", "same")];
  const sets: Record<string, unknown> = { [`${ISSUER}/a`]: ours.jwk, [`${ISSUER}/b`]: theirs.jwk };
  const issuers = ["a", "b"].map((name) => ({
    issuer: `${ISSUER}/${name}/`,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwksUri: `${ISSUER}/${name}`,
    tenant: name,
  }));
  const { createVerifier } = await import("tokenkeep/edge");
  const verifier = createVerifier({
    issuers,
    clock: () => NOW * 1000,
    jwks: { fetch: async (url) => Response.json({ keys: [sets[url]] }) },
  });
  const token = (pair: typeof ours, name: string) =>
    sign(claims({ iss: `${ISSUER}/${name}/` }), {}, pair);
  assert.equal((await verifier.verify(await token(ours, "a"))).tenant, "a");
  assert.equal((await verifier.verify(await token(theirs, "b"))).tenant, "b");
  await refused(verifier.verify(await token(ours, "b")), "signature.invalid");
  await refused(verifier.verify(await token(theirs, "a")), "signature.invalid");
});

/**
 * A key pair of 2 048 bits whose primes are k·M + 65537^a mod M, as the faulty chips of
 * CVE-2017-15361 made them; made for this test.
 */
const ROCA = {
  kty: "RSA",
  kid: "roca",
  alg: "RS256",
  e: "AQAB",
  n: "0m4gsWrN9nqVzo6mJELpfEtCtjSWEAm8cAyzf8WtZYI-3xDCD2CrEpid-6pmzqww85j8gfNJ7-crrYG8WtC4YXjWuNKT-OHiCj_jtnazsnsUEp3rbyiuQDs5Sa-K1hKqYUxJOxhVU_tLWykGAQ4rneCHbw5x-Sb_9WDwmvxXRav06M1qKCQpYRKmbRlzG22rgerW9snFkVcoz6a9ChloEtqiM0lrye9Ycrnqbtd2ngIlki7pafGrApGE7YNIYXzfglX-SUhv3P1imwpw6aJW1mgaraaLr0ux5YZVWiM32m7t5DUTCq_R9UESySTOtV6EaMleoGiKRvZQVxrlJs6-9Q",
  d: "XglW1NIc3oPjhF4dAuFgA-qCEningt1G92_Fm1jUZyNwQzDy9_pEGNhY6Uk6DivG6GU6mjwFk47j5vKuIItbijt9ATUhaTxQTjJE6ZpcLWtxCezGdHNig1O0AyjOS2Il_7sekqkKILCQ-Vj41OnnNfNLsqZq6mOySI6clzYjLf-dymf5btwYEKOCwLxsgl7-wVp1fG7PdyPTEP6rqS5navYMRlejFYKNIN-VoICsZXcRQaH1bNQ_mACt9I8FNwaErH0sCUATgtnBwikBcJdkahS5N5P2EviHAqtxveJqFiOaiNVih8m8GhBk_q2yH7Tl0_bUUuz-ocwU-NZqvKwGNQ",
  p: "6uBcVTdV0wMMs2B6n5agG-41bB0CeGYS7v8GOI34PqkUxqU_DOPpFKYdMu5Fv0EhHnjDzbeEYhF2CaGSfbayluRu70gKPAVO7C6ZbKLC3pcJ28w36Qffi1S0H12sK3b2kJdZUHil8etemqIc5S_bIbvUHnsruUL1EQdxdg2_HFs",
  q: "5Vru7_DsfGtmmtdFpcmHmJy6QueoIbM2x77VHZhNLTZczia_eTC_FKVrcGATc8aLvlLc5ijjjExjV6g85LuO0hrtdhNzHUYPvtgbf1rSUHizHnCXji7XvqilNU0wAohTRSmLkPIivFm9IrvnJwC1tkASyL6UXLwhJUE1nk7Esu8",
  dp: "ZWuKEzX4tkwr0M0JRh4ZdtYOdWe1aF3TMSYn_oW3Ov9xvDEgn6VOQR9Vnmdq8KHj9i95hTwISvx1NsVw5x3b0fJDwMkfujkkkjGxCErj0I_xrtppDhPbQGPL_3tIW-BbqaXg6DGgnmzfBfCYf5KBkfh0KNFQ2QeDoN3Q7YQUEN8",
  dq: "TG6RUcSoCo6AEvnKbAVM-r7AE6u_i_t9NfOScdpfXcHQC6M-C9UC2I6Hz1s1IE_6IeLbWpglvIt4T63xHQij_8CZgc_ZfNfsR10dTMOncsnGZ05-MxPJMfBhnfGrHizwEwxVRmhqyvnc3cZgsc66v5F6sQtRxdWr9g5VH_x_8GE",
  qi: "JMag1gDF07uFItiIe8P4AdXGTsMXwKEVpcK44LybG_yDxmsk6U3FE281xKMgsAafPctfLRiOpoWntcsJk0zAE_4XxTQ83Ysy5WFLiGe-0qm14q6SZilnfVERU5xVuEG_iBnNc84XX_sXsWvUNMrOtfAnzMXvQwsoqlxeVUXnF4k",
};

edge("edge_E50_uses_no_modulus_that_can_be_factored_by_its_making", async () => {
  const { kty, kid, alg, e, n } = ROCA;
  assert.deepEqual(await skippedOf([{ kty, kid, alg, e, n }]), {
    roca: "an RSA modulus of the ROCA kind",
  });
  const privateKey = await crypto.subtle.importKey(
    "jwk",
    ROCA,
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const pair = { ...(await keyPair("RS256", "r1")), kid, privateKey };
  const { verifier } = await bench({ keys: [{ kty, kid, alg, e, n }], issuer: RSA });
  await refused(verifier.verify(await sign(claims(), {}, pair)), "key.unknown");
});

edge("edge_E_gives_the_thumbprint_of_RFC_7638", async () => {
  for (const pair of [
    await keyPair(),
    await keyPair("RS256", "r1"),
    await keyPair("EdDSA", "e1"),
  ]) {
    const { verifier } = await bench({
      keys: [pair.jwk],
      issuer: { algorithms: ["ES256", "RS256", "EdDSA"] },
    });
    assert.equal(
      (await verifier.verify(await sign(claims(), {}, pair))).key.thumbprint,
      await calculateJwkThumbprint(pair.jwk),
    );
  }
});

edge("edge_F51_refuses_every_changed_byte", async () => {
  const token = await sign();
  const { verifier } = await bench();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let place = 0; place < token.length; place += 1) {
    if (token[place] === ".") continue;
    const other = alphabet[(alphabet.indexOf(token[place] ?? "") + 17) % 64];
    const changed = token.slice(0, place) + other + token.slice(place + 1);
    await verifier.verify(changed).then(
      () => assert.fail(`accepted with byte ${place} changed`),
      (error: { status: number }) => assert.equal(error.status, 401),
    );
  }
});

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function number(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function scalar(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, place) =>
    Number((value >> BigInt(8 * (31 - place))) & 255n),
  );
}

edge("edge_F52_takes_an_ECDSA_signature_in_one_form", async () => {
  const { verifier } = await bench();
  const [header, payload, signature = ""] = (await sign()).split(".");
  const bytes = bytesOf(signature);
  const [r, s] = [bytes.slice(0, 32), bytes.slice(32)];
  const integer = (part: Uint8Array) =>
    (part[0] ?? 0) & 0x80 ? [2, 33, 0, ...part] : [2, 32, ...part];
  const body = [...integer(r), ...integer(s)];
  const zero = new Uint8Array(32);
  const odd = [
    [0x30, body.length, ...body],
    [...bytes, 0],
    [0, ...bytes],
    [...bytes.slice(1)],
    [...zero, ...zero],
    [...r, ...zero],
    [...zero, ...s],
    [...scalar(ORDER), ...scalar(ORDER)],
    [...r, ...scalar(ORDER)],
  ];
  for (const one of odd)
    await refused(
      verifier.verify(`${header}.${payload}.${base64url(Uint8Array.from(one))}`),
      "signature.invalid",
    );
  // The twin (r, n - s) is as good: JWS has no rule on it, which is why revocation goes by jti.
  await verifier.verify(
    `${header}.${payload}.${base64url(Uint8Array.from([...r, ...scalar(ORDER - number(s))]))}`,
  );
});

edge("edge_F53_takes_an_RSA_signature_in_one_form", async () => {
  const rsa = await keyPair("RS256", "r1");
  const { verifier } = await bench({ keys: [rsa.jwk], issuer: RSA });
  const [header, payload, signature = ""] = (await sign(claims(), {}, rsa)).split(".");
  const bytes = bytesOf(signature);
  for (const odd of [
    bytes.slice(1),
    bytes.slice(0, -1),
    Uint8Array.from([0, ...bytes]),
    Uint8Array.from([...bytes, 0]),
    bytesOf(rsa.jwk.n ?? ""),
    new Uint8Array(256),
    new Uint8Array(256).fill(255),
  ]) {
    await refused(verifier.verify(`${header}.${payload}.${base64url(odd)}`), "signature.invalid");
  }
});

edge("edge_F54_says_nothing_of_the_claims_before_the_signature_holds", async () => {
  const stranger = await makeKeyPair("ES256", "k1");
  const { verifier } = await bench();
  for (const payload of [
    claims(),
    claims({ exp: 1 }),
    claims({ aud: "other" }),
    claims({ sub: 1 }),
  ]) {
    await refused(verifier.verify(await sign(payload, {}, stranger)), "signature.invalid");
  }
  assert.ok(new Endpoint().fetches === 0);
});
