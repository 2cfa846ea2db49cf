// `verifyCompact`: one JWS against given keys.

import assert from "node:assert/strict";
import { type Jwk, verifyCompact } from "tokenkeep/edge";
import { ED448, ed448Token } from "./key-sets.ts";
import { edge, keyPair, refused, signRaw } from "./kit.ts";

const HEADER = '{"alg":"ES256"}';
const ES256 = { algorithms: ["ES256"] } as const;

edge("edge_D126_takes_no_given_key_of_Ed448_for_EdDSA_or_Ed25519", async () => {
  for (const alg of ["EdDSA", "Ed25519"] as const) {
    for (const allowed of ["EdDSA", "Ed25519"] as const) {
      const options = { algorithms: [allowed] };
      await refused(verifyCompact(ed448Token(alg), ED448, options), "key.unknown");
      await refused(verifyCompact(ed448Token(alg), { ...ED448, alg }, options), "key.unknown");
    }
  }
});

edge("edge_F134_takes_an_empty_payload_whose_signature_holds", async () => {
  const { jwk } = await keyPair();
  const { kid: _, ...key } = jwk;
  const jws = await signRaw(HEADER, "");
  const { payload } = await verifyCompact(jws, key, ES256);
  assert.equal(payload.length, 0);
  const [, , other] = (await signRaw(HEADER, "x")).split(".");
  const [header, , signature] = jws.split(".");
  for (const [odd, code] of [
    [`${header}..${other}`, "signature.invalid"],
    [`${header}..`, "token.malformed"],
    [`..${signature}`, "token.malformed"],
    [`${header}.${signature}`, "token.malformed"],
  ] as const)
    await refused(verifyCompact(odd, key, ES256), code, odd);
});

edge("edge_E135_refuses_given_keys_of_one_type_under_one_kid", async () => {
  const ours = (await keyPair()).jwk as Jwk;
  const other = (await keyPair("ES256", "k2")).jwk as Jwk;
  const jws = await signRaw(HEADER, "payload");
  const { x: _, ...broken } = other;
  for (const second of [
    other,
    broken,
    ours,
    { ...other, use: "enc" },
    { ...other, alg: "ES384" },
    { ...other, crv: "P-999" },
  ]) {
    for (const keys of [
      [ours, { ...second, kid: "k1" }],
      [{ ...second, kid: "k1" }, ours],
    ])
      await refused(verifyCompact(jws, { keys }, ES256), "config_invalid", JSON.stringify(second));
  }
  const rsa = (await keyPair("RS256", "r1")).jwk as Jwk;
  const { kid: __, ...nameless } = other;
  for (const keys of [
    [ours, other],
    [ours, { ...rsa, kid: "k1" }],
    [ours, nameless, nameless],
    [ours, { kty: "unheard of", kid: "k1" }],
  ])
    await verifyCompact(jws, { keys }, ES256);
});
