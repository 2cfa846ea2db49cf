// The entry point `tokenkeep/edge`: the verifier with its wasm inlined, for Node, Bun, Deno and
// browsers. Importing it touches no global and does no I/O.

import { inlined } from "./edge/inlined.js";

// The text of the wasm comes first in the bundle: in the midst of the code it would keep gzip from
// seeing one half of the code beside the other, which costs 1 700 bytes.

import { verifyCompactOver } from "./edge/compact.js";
import type { Core } from "./edge/core.js";
import { NO_OPTIONS, verifyProofOver } from "./edge/dpop/verify-proof.js";
import { withCoreOf } from "./edge/instance.js";
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

export * from "./edge/api.js";
/** @internal For `tokenkeep/jwe`, too. */
export { nodeModule } from "./edge/node.js";

/**
 * Makes a verifier. No I/O, no clock and no randomness until the first token: safe at a Worker's
 * module scope.
 *
 * @throws {VerifyError} `config_invalid` for an option that could never be right; the message names
 * it.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return verifierOver(options, inlined());
}

/** @internal Verifies logout tokens, and no others; for `tokenkeep/logout`. */
export function logoutVerifier(options: VerifierOptions): Verifier["verify"] {
  return logoutVerifierOver(options, inlined());
}

/**
 * The JWS layer: one compact JWS against given keys; payload bytes, no claims. A `kid` in the
 * header must match the key's if both have one. A set with two keys of one type under one `kid` is
 * refused.
 *
 * @throws {VerifyError}
 */
export function verifyCompact(
  jws: string,
  keys: Jwk | { keys: readonly Jwk[] },
  options: CompactOptions,
): Promise<Compact> {
  return verifyCompactOver(inlined(), jws, keys, options);
}

/**
 * For an authority: judges one DPoP proof against a method and an address, by the checks of RFC
 * 9449 section 4.3. Whoever grants a token puts the `thumbprint` into it as `cnf.jkt`. The slack is
 * 30 seconds. Without `replay` all calls share one memory of proofs that were used. An object of
 * options is read when it comes first: keep one for all calls, and don't change it.
 *
 * @throws {VerifyError} `proof.*`; RFC 9449 section 5 answers them with 400
 */
export function verifyProof(
  proof: string,
  expected: ExpectedProof,
  options: DpopOptions & { clock?: () => number } = NO_OPTIONS,
): Promise<VerifiedProof> {
  return verifyProofOver(inlined(), proof, expected, options);
}

/** @internal The wasm at work, for `tokenkeep/jwe`. @throws {VerifyError} and nothing else */
export function withCore<T>(work: (core: Core) => Promise<T>): Promise<T> {
  return withCoreOf(inlined(), work);
}
