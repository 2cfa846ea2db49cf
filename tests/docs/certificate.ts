// A certificate (RFC 5280) of a key, signed by itself, as PEM: what Google publishes for Firebase.

import type { KeyPair } from "../edge/suite/kit.ts";

/** A value with its tag and length (X.690 section 8.1). */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const length = size < 0x80 ? [size] : [0x82, size >> 8, size & 0xff];
  return Uint8Array.of(tag, ...length, ...parts.flatMap((part) => [...part]));
}

const text = (written: string) => new TextEncoder().encode(written);

export async function certificateOf({ publicKey, privateKey }: KeyPair): Promise<string> {
  const sha256WithRsa = Uint8Array.of(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11);
  const algorithm = der(0x30, sha256WithRsa, der(5));
  const commonName = der(0x30, Uint8Array.of(6, 3, 0x55, 4, 3), der(0x0c, text("example")));
  const name = der(0x30, der(0x31, commonName));
  const signed = der(
    0x30,
    der(0xa0, der(2, Uint8Array.of(2))),
    der(2, Uint8Array.of(1)),
    algorithm,
    name,
    der(0x30, der(0x17, text("200101000000Z")), der(0x17, text("491231235959Z"))),
    name,
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
  );
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, signed);
  const whole = der(0x30, signed, algorithm, der(3, Uint8Array.of(0), new Uint8Array(signature)));
  const lines =
    Buffer.from(whole)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
