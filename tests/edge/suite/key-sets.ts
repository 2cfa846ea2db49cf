// Groups D, E and J: key sets as the world writes them, and the bounds of one.

import assert from "node:assert/strict";
import { SignJWT } from "jose";
import {
  type Algorithm,
  type Jwk,
  type JwksStore,
  type StoredJwks,
  verifyCompact,
} from "tokenkeep/edge";
import { base64url, bench, claims, edge, keyPair, NOW, refused, sign, signRaw } from "./kit.ts";

/** A key of the curve Ed448, and what it signed: Web Cryptography has it in few places. */
export const ED448 = {
  kty: "OKP",
  crv: "Ed448",
  kid: "e4",
  x: "cUcHPm-p5xsPB2rfL-upH-d-8Q6nqFLZEugtAt0cjLg-OxbL3yzFXeARZErvOqtyzIDuM3sWorGA",
};
const ED448_SIGNED = {
  EdDSA:
    "hRQJl7lonDG58lsvyvdovX3Z71zxBrIELUPbZ8RE17mBfVTxr4v-hXp_3-_FylXw5q06qvpCMxiA_MNnODQDfOgnBPg3vhThCkVI53RHOuEJv6bBR4ZKHpLDA2aizrE0ZCRa63MMcjToKLybp2CiYTEA",
  Ed25519:
    "CYMU4FDfjYLjnNLxUCckAYqTv_7gsLmGL9LMCx-0BQ0zd-AmNSMt_kQPpb8KDXWptScM87oh7NGAKkSbWOH598kBTibjd7fbeDcbo7pEFSC1lbrbSeTMqc91YaBMa-CliCz7tObCREdToR8k0PduAgEA",
} as const;

/** The token of the usual claims that the key of Ed448 signed. */
export function ed448Token(alg: keyof typeof ED448_SIGNED): string {
  const header = base64url(JSON.stringify({ alg, kid: "e4" }));
  return `${header}.${base64url(JSON.stringify(claims()))}.${ED448_SIGNED[alg]}`;
}

edge("edge_D126_takes_no_key_of_Ed448_for_EdDSA_or_Ed25519", async () => {
  for (const alg of ["EdDSA", "Ed25519"] as const) {
    for (const algorithms of [["EdDSA"], ["Ed25519"]] as readonly Algorithm[][]) {
      for (const jwk of [ED448, { ...ED448, alg }]) {
        const { verifier, events } = await bench({ keys: [jwk], issuer: { algorithms } });
        await refused(verifier.verify(ed448Token(alg)), "key.unknown", `${alg}, ${algorithms}`);
        const told = events.find((event) => event.type === "jwks");
        assert.deepEqual(told?.type === "jwks" && told.skipped, [
          { kid: "e4", reason: "an unsupported curve" },
        ]);
      }
    }
  }
});

edge("edge_D128_verifies_HS_with_the_secret_whatever_kid_the_token_names", async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const { verifier } = await bench({
    issuer: { algorithms: ["HS256"], secret, jwksUri: undefined } as never,
  });
  const signed = (kid: string | undefined, by = secret) =>
    new SignJWT(claims({ jti: `kid ${kid}` }))
      .setProtectedHeader(kid === undefined ? { alg: "HS256" } : { alg: "HS256", kid })
      .sign(by);
  for (const kid of ["k1", "", "\u{1F511}", undefined, "k1"]) {
    const { key } = await verifier.verify(await signed(kid));
    assert.deepEqual(key, { kid: null, alg: "HS256", thumbprint: "" });
    await refused(verifier.verify(await signed(kid, new Uint8Array(32))), "signature.invalid");
  }
});

edge("edge_J130_takes_a_byte_order_mark_before_a_key_set_and_before_nothing_else", async () => {
  const { jwk } = await keyPair();
  const text = JSON.stringify({ keys: [jwk] });
  const { verifier, endpoint } = await bench();
  endpoint.answer = () => new Response(`\uFEFF${text}`);
  await verifier.verify(await sign());
  // Without a kid all of the set is read.
  await verifier.verify(await sign(claims(), { kid: undefined }));

  endpoint.answer = () => new Response("unavailable", { status: 503 });
  const stored: StoredJwks = { body: `\uFEFF${text}`, fetchedAt: NOW * 1000 };
  const store = { get: async () => stored, put: async () => undefined };
  const other = await bench({ endpoint, jwks: { store } });
  assert.equal((await other.verifier.verify(await sign())).keys.source, "store");

  for (const odd of [`\uFEFF\uFEFF${text}`, ` \uFEFF${text}`, `${text}\uFEFF`]) {
    const twice = await bench();
    twice.endpoint.answer = () => new Response(odd);
    await refused(twice.verifier.verify(await sign()), "jwks.malformed", JSON.stringify(odd));
  }
  for (const [header, payload] of [
    ['\uFEFF{"alg":"ES256","kid":"k1"}', JSON.stringify(claims())],
    ['{"alg":"ES256","kid":"k1"}', `\uFEFF${JSON.stringify(claims())}`],
  ] as const)
    await refused(verifier.verify(await signRaw(header, payload)), "token.malformed");
});

/** What serialisers write of members that a public key has not. */
const EMPTY = { d: null, p: "", q: null, dp: null, dq: "", qi: null, oth: [] };

edge("edge_E131_takes_no_public_key_for_a_private_one", async () => {
  for (const pair of [await keyPair("RS256", "r1"), await keyPair()]) {
    const issuer = { algorithms: [pair.alg as Algorithm] };
    const token = await sign(claims(), {}, pair);
    for (const more of [
      { oth: [] },
      { oth: null },
      { d: null },
      { d: "" },
      { ...EMPTY, k: null, use: null, alg: null, key_ops: null, x5c: [] },
    ]) {
      const { verifier } = await bench({ keys: [{ ...pair.jwk, ...more } as Jwk], issuer });
      await verifier.verify(token).catch((error: unknown) => {
        throw new Error(JSON.stringify(more), { cause: error });
      });
    }
    for (const more of [
      { d: "AA" },
      { d: 1 },
      { d: {} },
      { d: true },
      { oth: [{ r: "AA", d: "AA", t: "AA" }] },
      { oth: [null] },
      { oth: {} },
      { ...EMPTY, qi: "AA" },
    ]) {
      const { verifier, events } = await bench({ keys: [{ ...pair.jwk, ...more } as Jwk], issuer });
      await refused(verifier.verify(token), "key.unknown", JSON.stringify(more));
      const told = events.find((event) => event.type === "jwks");
      assert.deepEqual(told?.type === "jwks" && told.skipped, [
        { kid: pair.kid, reason: "a private key" },
      ]);
    }
  }
});

/** Keys that nobody signs with, all different. */
export function idleKeys(count: number, kidOf: (place: number) => string | undefined): Jwk[] {
  return Array.from({ length: count }, (_, place) => {
    const x = new Uint8Array(32);
    new DataView(x.buffer).setUint32(0, place + 1);
    const kid = kidOf(place);
    return {
      kty: "OKP",
      crv: "Ed25519",
      x: base64url(x),
      ...(kid === undefined ? {} : { kid }),
    };
  });
}

export const MOST_KEYS = 1_000;

edge("edge_E125_a_set_has_a_thousand_keys_at_most", async () => {
  const { jwk } = await keyPair();
  const few = [jwk, ...idleKeys(MOST_KEYS - 1, (place) => `idle-${place}`)];
  const many = [...few, ...idleKeys(1, () => "one-more")];
  assert.ok(JSON.stringify({ keys: many }).length < 262_144);

  await (await bench({ keys: few })).verifier.verify(await sign());
  await refused((await bench({ keys: many })).verifier.verify(await sign()), "jwks.too_large");

  const bundled = (keys: Jwk[]) =>
    bench({ issuer: { jwks: { keys }, jwksUri: undefined } as never });
  await (await bundled(few)).verifier.verify(await sign());
  await refused((await bundled(many)).verifier.verify(await sign()), "jwks.too_large");

  const stored: StoredJwks = { body: JSON.stringify({ keys: many }), fetchedAt: NOW * 1000 };
  const store: JwksStore = { get: async () => stored, put: async () => undefined };
  const { verifier } = await bench({ jwks: { store } });
  assert.equal((await verifier.verify(await sign())).keys.source, "network");

  const jws = await signRaw('{"alg":"ES256","kid":"k1"}', "payload");
  await verifyCompact(jws, { keys: few }, { algorithms: ["ES256"] });
  await refused(verifyCompact(jws, { keys: many }, { algorithms: ["ES256"] }), "config_invalid");
});

edge("edge_E125_operations_that_never_end_are_odd", async () => {
  const { jwk } = await keyPair();
  const key_ops = ["verify", ...Array.from({ length: 20_000 }, (_, place) => `op-${place}`)];
  const { verifier, events } = await bench({ keys: [{ ...jwk, key_ops }] });
  await refused(verifier.verify(await sign()), "key.unknown");
  const told = events.find((event) => event.type === "jwks");
  assert.deepEqual(told?.type === "jwks" && told.skipped, [
    { kid: "k1", reason: "key_ops is odd" },
  ]);
});
