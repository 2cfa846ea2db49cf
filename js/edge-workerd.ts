// The entry point `tokenkeep/edge` on Workers: the same verifier with the wasm as a module of its
// own, compiled when the Worker is deployed, instantiated at its module scope. It compiles nothing
// at run time, which Workers forbid. The types are those of edge.ts.

import { verifyCompactOver } from "./edge/compact.js";
import type { Core } from "./edge/core.js";
import { NO_OPTIONS, verifyProofOver } from "./edge/dpop/verify-proof.js";
import { instanceOf, withCoreOf } from "./edge/instance.js";
import type {
  Compact,
  CompactOptions,
  DpopOptions,
  ExpectedProof,
  Jwk,
  VerifiedProof,
  VerifierOptions,
} from "./edge/options/types.js";
import type { Verifier } from "./edge/result/verified.js";
import { logoutVerifierOver, verifierOver } from "./edge/verifier.js";
import wasm from "./edge.wasm";

export * from "./edge/api.js";
export { nodeModule } from "./edge/node.js";

const instance = instanceOf(wasm);
instance.current();

export function createVerifier(options: VerifierOptions): Verifier {
  return verifierOver(options, instance);
}

export function logoutVerifier(options: VerifierOptions): Verifier["verify"] {
  return logoutVerifierOver(options, instance);
}

export function verifyCompact(
  jws: string,
  keys: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  return verifyCompactOver(instance, jws, keys, options);
}

export function verifyProof(
  proof: string,
  expected: ExpectedProof,
  options: DpopOptions & { clock?: () => number } = NO_OPTIONS,
): Promise<VerifiedProof> {
  return verifyProofOver(instance, proof, expected, options);
}

export function withCore<T>(work: (core: Core) => Promise<T>): Promise<T> {
  return withCoreOf(instance, work);
}
