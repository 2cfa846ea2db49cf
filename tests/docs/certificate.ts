// A certificate (RFC 5280) of a key, signed by itself, as PEM: what Google publishes for Firebase.

import { der, pem } from "../edge/suite/der.ts";
import type { KeyPair } from "../edge/suite/kit.ts";

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
  return pem(
    "CERTIFICATE",
    der(0x30, signed, algorithm, der(3, Uint8Array.of(0), new Uint8Array(signature))),
  );
}
