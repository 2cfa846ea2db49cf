// What the verifier is given for `VerifierOptions.encryption`, and the decryption of a token alone.

import type { Decrypter } from "../edge/encryption.js";
import { ownMembers } from "../edge/options/own.js";
import type { Decryption } from "../edge/options/types.js";
import type { Claims, JoseHeader } from "../edge/result/verified.js";
import { VerifyError, withCore } from "../edge.js";
import { decoded } from "./bytes.js";
import { EncryptedToken, undecryptable } from "./encrypted-token.js";
import { readOptions } from "./options.js";
import type { DecryptionKey, DecryptionOptions } from "./types.js";

/** A longer token is refused by `decryptCompact`. */
const MOST_BYTES = 2 ** 20;

/**
 * For `VerifierOptions.encryption`: tokens that are encrypted for this API are decrypted, and the
 * signed token that must be inside is verified like any other. Reads the options at once, and each
 * key when the first token comes for it.
 *
 * ```ts
 * createVerifier({
 *   issuers: { issuer, audience, algorithms: ["ES256"], jwksUri },
 *   encryption: decryption({ keys: [{ key: jwk }], keyManagement: ["ECDH-ES+A256KW"] }),
 * });
 * ```
 *
 * @throws {VerifyError} `config_invalid` for an option that could never be right; the message names
 * it.
 */
export function decryption(options: DecryptionOptions): Decryption {
  const settings = readOptions(options);
  return {
    kind: "decryption",
    async decrypt(token, reader, longest) {
      const encrypted = new EncryptedToken(token, settings, reader, true, longest);
      const { plaintext, key } = await encrypted.decrypt(settings.keys);
      return {
        token: decoded(plaintext),
        confirm(inside) {
          if (key.issuer !== undefined && key.issuer !== inside.issuer) throw undecryptable();
          compare(encrypted.header, inside);
        },
      };
    },
  } satisfies Decrypter as Decryption;
}

/** RFC 7519 section 5.3: what the header repeats of the claims has to be the same. */
function compare(header: JoseHeader, inside: { readonly claims: Claims }): void {
  for (const name of ["iss", "sub", "aud"]) {
    const written = (one: object) => JSON.stringify(ownMembers(one, [name]));
    if (Object.hasOwn(header, name) && written(header) !== written(inside.claims))
      throw new VerifyError(`header.${name}`);
  }
}

/**
 * The JWE layer: decrypts one compact JWE, whatever is inside. What comes out has been encrypted by
 * anybody who has the public key: only a signature in it would prove who. A `kid` in the header
 * must match the key's if both have one. At most four keys are tried.
 *
 * @throws {VerifyError} `token.undecryptable`, one answer for every way in which decryption fails.
 */
export async function decryptCompact(
  jwe: string,
  keys: readonly DecryptionKey[],
  options: Omit<DecryptionOptions, "keys">,
): Promise<{ header: JoseHeader; plaintext: Uint8Array }> {
  const settings = readOptions(options, keys ?? []);
  if (typeof jwe !== "string") throw new VerifyError("token.malformed");
  if (jwe.length > MOST_BYTES) throw new VerifyError("token.too_large");
  return withCore(async (core) => {
    const encrypted = new EncryptedToken(jwe, settings, core, false, MOST_BYTES);
    const { plaintext } = await encrypted.decrypt(settings.keys);
    return { header: encrypted.header, plaintext };
  });
}
