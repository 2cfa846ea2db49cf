// The examples of the RFCs, which nobody here encrypted, through the JWE layer.

import assert from "node:assert/strict";
import { type Algorithm, type Jwk, verifyCompact } from "tokenkeep/edge";
import {
  type ContentEncryption,
  type DecryptionOptions,
  decryptCompact,
  type KeyManagement,
} from "tokenkeep/jwe";
import { ALL } from "./jwe-algorithms.ts";
import { EXAMPLES, type Example } from "./jwe-vectors.ts";
import { base64url, bytesOf, edge, refused } from "./kit.ts";

/** What there is not, by the code of the refusal. */
const REFUSED: Readonly<Record<string, string>> = {
  RFC7516_A_2: "alg.not_allowed", // RSA1_5
  RFC7520_5_1: "alg.not_allowed", // RSA1_5
  RFC7520_5_3: "alg.not_allowed", // PBES2
  RFC7520_5_7: "alg.not_allowed", // A256GCMKW
  RFC7520_5_9: "header.zip",
};

/** A key whose `alg` is one of ours, for an example that needs none. */
const ours = ({ name, key }: Example): Jwk =>
  name in REFUSED && key.kty === "oct" ? { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA" } : key;

for (const example of EXAMPLES) {
  const { name, alg, enc, jwe, plaintext, signedBy } = example;
  edge(`edge_X4_${name}`, async () => {
    const open = (sent: string, more: Partial<DecryptionOptions> = {}) =>
      decryptCompact(sent, [{ key: ours(example) }], { ...ALL, ...more });
    const code = REFUSED[name];
    if (code !== undefined) return void (await refused(open(jwe), code));
    const found = await open(jwe, {
      keyManagement: [alg as KeyManagement],
      contentEncryption: [enc as ContentEncryption],
    });
    const text = new TextDecoder().decode(found.plaintext);
    assert.equal(text, plaintext);
    assert.deepEqual([found.header["alg"], found.header["enc"]], [alg, enc]);
    const parts = jwe.split(".");
    const tag = bytesOf(parts[4] ?? "");
    tag[0] = (tag[0] ?? 0) ^ 1;
    const broken = [...parts.slice(0, 4), base64url(tag)].join(".");
    await refused(open(broken), "token.undecryptable");
    if (signedBy === undefined) return;
    const { header } = await verifyCompact(text, signedBy, { algorithms: ["PS256" as Algorithm] });
    assert.equal(header.alg, "PS256");
  });
}

const hex = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** The Concat KDF once more, for keys of at most 256 bits (RFC 7518 section 4.6.2). */
async function derive(
  shared: Uint8Array,
  algorithm: string,
  parties: readonly string[],
  bits: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const number = (value: number) => [value >> 24, value >> 16, value >> 8, value];
  const sized = (text: string) => [...number(text.length), ...new TextEncoder().encode(text)];
  const info = [algorithm, ...parties].flatMap(sized);
  const input = Uint8Array.from([...number(1), ...shared, ...info, ...number(bits)]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", input)).slice(0, bits / 8);
}

/** Encrypted directly with this key. */
async function encryptWith(key: Uint8Array<ArrayBuffer>, header: object): Promise<string> {
  const head = base64url(JSON.stringify(header));
  const iv = new Uint8Array(12);
  const parameters = { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(head) };
  const ready = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const hello = new TextEncoder().encode("hello");
  const sealed = new Uint8Array(await crypto.subtle.encrypt(parameters, ready, hello));
  return [head, "", base64url(iv), base64url(sealed.slice(0, 5)), base64url(sealed.slice(5))].join(
    ".",
  );
}

async function opens(jwe: string, key: Jwk): Promise<void> {
  const { plaintext } = await decryptCompact(jwe, [{ key }], ALL);
  assert.equal(new TextDecoder().decode(plaintext), "hello");
}

edge("edge_X5_RFC7518_C_derives_the_key_of_the_example", async () => {
  const epk = {
    kty: "EC",
    crv: "P-256",
    x: "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    y: "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
  };
  const bob = {
    kty: "EC",
    crv: "P-256",
    x: "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
    y: "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    d: "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
  };
  const parties = { apu: base64url("Alice"), apv: base64url("Bob") };
  const header = { alg: "ECDH-ES", enc: "A128GCM", ...parties, epk };
  await opens(await encryptWith(bytesOf("VqqN6vgjbSBcIijNcacQGg"), header), bob);
});

edge("edge_X5_RFC8037_A_6_has_the_shared_secret_of_the_example", async () => {
  const bob = {
    kty: "OKP",
    crv: "X25519",
    x: "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
    d: base64url(hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")),
  };
  // The ephemeral key of the example, of which the secret part is in RFC 7748 section 6.1.
  const epk = { kty: "OKP", crv: "X25519", x: "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo" };
  const shared = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  const key = await derive(shared, "A256GCM", ["", ""], 256);
  await opens(await encryptWith(key, { alg: "ECDH-ES", enc: "A256GCM", epk }), bob);
});
