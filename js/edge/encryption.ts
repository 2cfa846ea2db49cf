// What the verifier and `tokenkeep/jwe` have of each other. Without the latter nobody carries the
// code of decryption. The names here are known to two bundles: none may be among those that
// scripts/lib/bundle.mjs shortens.

import type { Core } from "./core.js";
import type { Decryption } from "./options/types.js";
import type { Verified } from "./result/verified.js";

export type { Encrypted } from "../../build/edge/edge.js";

/** The part of the wasm that decryption needs. */
export type EncryptedReader = Pick<Core, "code" | "isSame" | "readEncrypted">;

/** What `decryption()` gives. */
export interface Decrypter extends Decryption {
  /** @throws {VerifyError} token.undecryptable, and what the header or the shape breaks */
  decrypt(token: string, reader: EncryptedReader, longest: number): Promise<Decrypted>;
}

export interface Decrypted {
  /** What was inside, not verified yet. */
  readonly token: string;
  /**
   * Compares what the encrypted token says with the token that was in it, whose signature held.
   *
   * @throws {VerifyError} token.undecryptable, header.iss, header.sub, header.aud
   */
  confirm(inside: Pick<Verified, "issuer" | "claims">): void;
}
