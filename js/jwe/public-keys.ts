// The public halves of the recipient's keys, for those who encrypt for it.

import { invalidOption } from "../edge/options/invalid.js";
import { ownMembers } from "../edge/options/own.js";
import type { Jwk } from "../edge/options/types.js";
import { readKeys } from "./options.js";
import type { DecryptionKey } from "./types.js";

const PUBLIC = ["kty", "crv", "x", "y", "n", "e"];

/**
 * The key set that an API publishes for its authority: the public halves of its keys, `use: "enc"`,
 * with `kid` and `alg` where a key has them. Symmetric keys are left out.
 *
 * @throws {VerifyError} `config_invalid` for a key that is none, or a `CryptoKey` that is not
 * extractable.
 */
export async function publicKeys(keys: readonly DecryptionKey[]): Promise<{ keys: Jwk[] }> {
  const asymmetric = readKeys(keys).filter(({ isSymmetric }) => !isSymmetric);
  return { keys: await Promise.all(asymmetric.map(published)) };
}

async function published(key: ReturnType<typeof readKeys>[number]): Promise<Jwk> {
  const { kid, material, where } = key;
  let jwk = material as JsonWebKey;
  if (!Object.hasOwn(jwk, "kty")) {
    const { extractable } = material as CryptoKey;
    if (!extractable) throw invalidOption(`${where}.key`, "must be extractable");
    jwk = await crypto.subtle.exportKey("jwk", material as CryptoKey);
  }
  const alg = key.alg ?? jwk.alg;
  const members = { ...ownMembers(jwk, PUBLIC), use: "enc", alg, kid };
  // Members without a value: a key of RSA has no curve.
  return JSON.parse(JSON.stringify(members)) as Jwk;
}
