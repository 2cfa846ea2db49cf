// The entry point `tokenkeep/edge` on Workers: the same verifier with the wasm as a module of its
// own, compiled when the Worker is deployed, instantiated at its module scope. It compiles nothing
// at run time, which Workers forbid.

import { verifyCompactOver } from "./edge/compact.js";
import { instanceOf } from "./edge/instance.js";
import type { Compact, CompactOptions, Jwk, VerifierOptions } from "./edge/options/types.js";
import type { Verifier } from "./edge/result/verified.js";
import { verifierOver } from "./edge/verifier.js";
import wasm from "./edge.wasm";

const instance = instanceOf(wasm);
instance.current();

/** As in edge.ts. */
export function createVerifier(options: VerifierOptions): Verifier {
  return verifierOver(options, instance);
}

/** As in edge.ts. */
export function verifyCompact(
  jws: string,
  keys: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  return verifyCompactOver(instance, jws, keys, options);
}

export { cacheJwksStore, kvJwksStore } from "./edge/keys/stores.js";
export { VerifyError, type VerifyErrorCategory } from "./edge/request/error.js";
export { kvRevocation, memoryRevocation } from "./edge/result/revocation.js";
