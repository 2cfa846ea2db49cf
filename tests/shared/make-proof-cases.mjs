// Makes tests/shared/proof-cases.json anew, by jose: one DPoP proof for each code by which the
// verifier refuses one, and a good one, all beside one token. Other implementations may read the
// table too. Alone: `node tests/shared/make-proof-cases.mjs`.

import { writeFileSync } from "node:fs";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";

const NOW = 1_800_000_000;
const [issuer, audience] = ["https://issuer.example", "https://api.example"];
const url = `${audience}/things`;

const newKey = async (alg = "ES256") => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, jwk: await exportJWK(publicKey), full: await exportJWK(privateKey) };
};
const [authority, client, other, wide] = await Promise.all([
  newKey(),
  newKey(),
  newKey(),
  newKey("ES384"),
]);
/** @param {string} text */
const hashOf = async (text) =>
  Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(text))).toString("base64url");

const token = await new SignJWT({ cnf: { jkt: await calculateJwkThumbprint(client.jwk) } })
  .setProtectedHeader({ alg: "ES256", kid: "1" })
  .setIssuer(issuer)
  .setAudience(audience)
  .setSubject("alice")
  .setIssuedAt(NOW)
  .setExpirationTime(NOW + 3600)
  .sign(authority.privateKey);
const ath = await hashOf(token);

let count = 0;
/** A good proof, changed as asked for. */
const proof = ({ by = client, header = {}, claims = {} } = {}) => {
  const payload = { jti: `proof ${++count}`, htm: "GET", htu: url, iat: NOW, ath, ...claims };
  const written = { typ: "dpop+jwt", alg: by.alg, jwk: by.jwk, ...header };
  return new SignJWT(payload).setProtectedHeader(written).sign(by.privateKey);
};
const [head, body] = (await proof()).split(".");
const foreign = (await proof()).split(".")[2];

const cases = {
  good: await proof(),
  "proof.missing": null,
  "proof.malformed": (await proof()).replace(/\.[^.]*$/, ""),
  "proof.typ": await proof({ header: { typ: "JWT" } }),
  "proof.alg": await proof({ by: wide }),
  "proof.key": await proof({ header: { jwk: client.full } }),
  "proof.claims": await proof({ claims: { jti: undefined } }),
  "proof.method": await proof({ claims: { htm: "POST" } }),
  "proof.url": await proof({ claims: { htu: `${url}/17` } }),
  "proof.time": await proof({ claims: { iat: NOW - 600 } }),
  "proof.token": await proof({ claims: { ath: await hashOf("another token") } }),
  "proof.binding": await proof({ by: other }),
  "proof.nonce": await proof({ claims: { nonce: "of somebody else" } }),
  "proof.signature": `${head}.${body}.${foreign}`,
  "proof.replayed": await proof(),
};
const table = {
  now: NOW,
  issuer,
  audience,
  keys: [{ ...authority.jwk, kid: "1", alg: "ES256" }],
  token,
  method: "GET",
  url,
  cases: Object.entries(cases).map(([code, text]) => ({ code, proof: text })),
};
writeFileSync(new URL("proof-cases.json", import.meta.url), `${JSON.stringify(table, null, 2)}\n`);
