// How keys are read out of PEM, below the verifier: against Node's own reading of certificates, and
// of bytes that are none.

import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { setOf, subjectKeyOf } from "../../js/discovery/pem.ts";
import { RUNTIMES, runIn } from "../runtimes.ts";
import { ED25519, P_256, P_521_VERSION_1, RSA_1024, RSA_2048 } from "./certificates.ts";

type Set = { keys: JsonWebKey[] };
const keysOf = async (...pems: string[]) =>
  ((await setOf(pems.map((pem, place) => [`k${place}`, pem]))) as Set).keys;

/** The members that make a key. */
const made = ({ kty, n, e, crv, x, y }: JsonWebKey) => ({ kty, n, e, crv, x, y });
const madeBy = (key: KeyObject) => made(key.export({ format: "jwk" }) as JsonWebKey);

test("edge_E168_reads_the_key_of_a_certificate_as_Node_does", async () => {
  for (const pem of [RSA_2048, P_256, P_521_VERSION_1, RSA_1024]) {
    const expected = madeBy(new X509Certificate(pem).publicKey);
    // With text around it, as RFC 7468 lets it be, and with the lines of other systems.
    for (const written of [pem, `subject=/CN=x\n${pem}\n`, pem.replaceAll("\n", "\r\n")]) {
      const [key] = await keysOf(written);
      assert.deepEqual(made(key ?? {}), expected);
      assert.equal(key?.alg, undefined, "it goes with any algorithm of its kind");
    }
  }
});

for (const runtime of RUNTIMES) {
  test(`edge_E168_reads_the_keys_of_certificates, in ${runtime}`, async () => {
    const map = { RSA_2048, P_256, P_521_VERSION_1, RSA_1024, ED25519 };
    const program = fileURLToPath(new URL("runtimes/pem.mjs", import.meta.url));
    const built = ["edge", "discovery"].map(
      (name) => new URL(`../../dist/${name}.js`, import.meta.url).href,
    );
    const { code, output } = await runIn(runtime, program, ...built, JSON.stringify(map));
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(output), {
      type: "jwks",
      issuer: "https://issuer.example",
      outcome: "fetched",
      keys: 3,
      skipped: [
        { kid: "RSA_1024", reason: "an RSA modulus out of bounds" },
        { kid: "ED25519", reason: "kty is missing" },
      ],
    });
  });
}

test("edge_E168_reads_public_keys", async () => {
  for (const { publicKey } of [
    generateKeyPairSync("rsa", { modulusLength: 2_048 }),
    ...["P-256", "P-384", "P-521"].map((namedCurve) => generateKeyPairSync("ec", { namedCurve })),
  ]) {
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    const [key] = await keysOf(pem);
    assert.deepEqual(made(key ?? {}), madeBy(publicKey));
  }
});

test("edge_E168_passes_over_what_is_no_key", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = new X509Certificate(P_256).raw;
  const certificate = (bytes: Uint8Array) => {
    const text = Buffer.from(bytes).toString("base64");
    return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
  };
  const odd = {
    text: "no key",
    "a private key": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "another end": P_256.replace("END CERTIFICATE", "END PUBLIC KEY"),
    "another label": P_256.replaceAll("CERTIFICATE", "PUBLIC KEY"),
    "no base64": P_256.replace("MII", "M*I"),
    "an unknown curve": ED25519,
    "cut off": certificate(der.subarray(0, 150)),
    "a length that lies": certificate(der.map((byte, place) => (place === 2 ? 0xff : byte))),
    "a length without end": certificate(
      Uint8Array.of(0x30, 0xff, ...new Uint8Array(200).fill(0xff)),
    ),
  };
  const good = P_256;
  for (const [what, pem] of Object.entries(odd)) {
    await assert.rejects(setOf([["k", pem]]), what);
    const keys = await keysOf(good, pem);
    assert.deepEqual(Object.keys(keys[1] ?? {}), ["kid"], what);
    assert.equal(keys[0]?.kty, "EC", what);
  }
  await assert.rejects(setOf([["k", ""]]));
});

test("edge_E168_cuts_out_bytes_of_its_own_whatever_it_is_given", () => {
  const certificates = [RSA_2048, P_256, P_521_VERSION_1].map(
    (pem) => new X509Certificate(pem).raw,
  );
  let [cut, refused] = [0, 0];
  for (let round = 0; round < 1_000_000; round += 1) {
    const from = certificates[round % certificates.length] ?? assert.fail();
    // Bytes of no meaning, and certificates with a few bytes changed where the structure is.
    const der =
      round % 4 === 0
        ? new Uint8Array(NOISE.buffer, round % 2_000, round % 97)
        : changed(from, round);
    try {
      const found = subjectKeyOf(der);
      assert.ok(found.length >= 2 && found.length <= der.length && found[0] === 0x30);
      cut += 1;
    } catch (cause) {
      if (cause instanceof Error) throw cause;
      refused += 1;
    }
  }
  assert.ok(cut > 10_000 && refused > 10_000, `${cut} cut, ${refused} refused`);
});

const NOISE = new Uint8Array(randomBytes(4_096));

function changed(from: Uint8Array, round: number): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array(from);
  for (let change = 0; change <= round % 3; change += 1) {
    const at = (NOISE[(round + change) % NOISE.length] ?? 0) % 200;
    der[at] = NOISE[(round * 7 + change) % NOISE.length] ?? 0;
  }
  return round % 5 === 0 ? der.slice(0, round % der.length) : der;
}
