// Encrypted tokens of every algorithm in each runtime that is not in the suite. The suite itself
// runs in Node, which decrypts by its own module, and in workerd.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CompactEncrypt, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { RUNTIMES, runIn } from "../runtimes.ts";

const program = fileURLToPath(new URL("runtimes/encrypted.mjs", import.meta.url));
const oldNode = fileURLToPath(new URL("runtimes/encrypted-old-node.mjs", import.meta.url));
const edge = new URL("../../dist/edge.js", import.meta.url).href;
const jwe = new URL("../../dist/jwe.js", import.meta.url).href;

const ENCRYPTIONS: Readonly<Record<string, number>> = {
  A128GCM: 16,
  A256GCM: 32,
  "A128CBC-HS256": 32,
  "A256CBC-HS512": 64,
};
const CURVES = ["P-256", "P-384", "P-521", "X25519"];

const keys: JWK[] = [];
const tokens: string[] = [];
let field = "";

async function senderFor(alg: string, bytes: number, crv: string | undefined, kid: string) {
  if (crv === undefined && !alg.startsWith("RSA")) {
    const secret = crypto.getRandomValues(new Uint8Array(bytes));
    keys.push({ kty: "oct", k: Buffer.from(secret).toString("base64url"), kid });
    return secret;
  }
  const options = { ...(crv !== undefined && { crv }), extractable: true };
  const { privateKey, publicKey } = await generateKeyPair(alg, options);
  keys.push({ ...(await exportJWK(privateKey)), kid });
  return publicKey;
}

before(async () => {
  const signer = await generateKeyPair("ES256");
  const add = async (alg: string, enc: string, bytes: number, crv?: string) => {
    const kid = [alg, enc, crv].join(" ");
    const sender = await senderFor(alg, bytes, crv, kid);
    const inside = await new SignJWT({ sub: kid })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer("https://issuer.example")
      .setAudience("https://api.example")
      .setExpirationTime("1h")
      .sign(signer.privateKey);
    const token = await new CompactEncrypt(new TextEncoder().encode(inside))
      .setProtectedHeader({ alg, enc, kid, cty: "JWT" })
      .encrypt(sender);
    // The last symbol of a tag of 16 bytes has four bits that must be zero: another one changes.
    tokens.push(
      token,
      `${token.slice(0, -3)}${token.at(-3) === "A" ? "B" : "A"}${token.slice(-2)}`,
    );
  };
  for (const [enc, bytes] of Object.entries(ENCRYPTIONS)) {
    await add("dir", enc, bytes);
    await add("A128KW", enc, 16);
    await add("A256KW", enc, 32);
    for (const alg of ["RSA-OAEP", "RSA-OAEP-256"]) await add(alg, enc, 0);
    for (const alg of ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"])
      for (const crv of CURVES) await add(alg, enc, 0, crv);
  }
  field = JSON.stringify({
    jwks: { keys: [await exportJWK(signer.publicKey)] },
    keys,
    keyManagement: [...new Set(keys.map(({ kid = "" }) => kid.split(" ")[0]))],
    contentEncryption: Object.keys(ENCRYPTIONS),
    tokens,
  });
});

for (const { name, runtime, run } of [
  ...RUNTIMES.map((runtime) => ({ name: runtime, runtime, run: program })),
  { name: "old Node", runtime: "node", run: oldNode },
] as const)
  test(`edge_X18_every_algorithm_is_opened_and_a_changed_tag_is_not, in ${name}`, async () => {
    const { code, output } = await runIn(runtime, run, edge, jwe, field);
    assert.equal(code, 0, output);
    const expected = keys.flatMap(({ kid }) => [kid, "token.undecryptable"]);
    assert.equal(expected.length, 136);
    assert.deepEqual(JSON.parse(output), expected);
  });
