// Checking signatures with Node's own module, at once. Node's Web Cryptography hands each signature
// to a thread and waits for it, which takes longer than the check. Both use the same OpenSSL.

import { nodeModule } from "../node.js";

interface NodeCrypto {
  readonly constants: { readonly RSA_PKCS1_PSS_PADDING: number };
  createPublicKey(source: { key: JsonWebKey; format: "jwk" }): object;
  verify(hash: string | null, bytes: Uint8Array, key: object, signature: Uint8Array): boolean;
}

/** Whether a signature over some bytes holds. */
export type Check = (
  bytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
) => boolean | Promise<boolean>;

/**
 * A check that answers at once. Null outside Node, before Node 20.16, for HS*, and for a key that
 * Node's module does not take.
 */
export function checkAtOnce(jwk: JsonWebKey, alg: string): Check | null {
  const crypto = alg.startsWith("HS") ? null : nodeModule<NodeCrypto>("node:crypto");
  if (crypto === null) return null;
  try {
    const hash = alg.startsWith("Ed") ? null : `sha${alg.slice(2)}`;
    const how = {
      ...howToCheck(alg, crypto),
      key: crypto.createPublicKey({ key: jwk, format: "jwk" }),
    };
    return (bytes, signature) => {
      try {
        return crypto.verify(hash, bytes, how, signature);
      } catch {
        // A signature that no key could have made.
        return false;
      }
    };
  } catch {
    // A key that is no good, or that only Web Cryptography knows.
    return null;
  }
}

function howToCheck(alg: string, { constants }: NodeCrypto): object {
  switch (alg.slice(0, 2)) {
    case "PS":
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(alg.slice(2)) / 8 };
    case "ES":
      return { dsaEncoding: "ieee-p1363" };
    default:
      return {};
  }
}
