// The entry point `tokenkeep/edge` where the condition "edge-light" holds (Vercel, the edge runtime
// of Next.js): as on Workers the wasm is a module of its own that is compiled ahead of time, but it
// is asked for with `?module`. The types are those of edge.ts.

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
import wasm from "./edge.wasm?module";

export * from "./edge/api.js";
export { nodeModule } from "./edge/node.js";

const instance = instanceOf(wasm);

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
