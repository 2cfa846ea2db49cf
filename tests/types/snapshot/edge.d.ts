import type { Compact, CompactOptions, DpopOptions, ExpectedProof, Jwk, VerifiedProof, VerifierOptions } from "./edge/options/types.js";
import type { Verifier } from "./edge/result/verified.js";
export * from "./edge/api.js";
export declare function createVerifier(options: VerifierOptions): Verifier;
export declare function verifyCompact(jws: string, keys: Jwk | {
    keys: readonly Jwk[];
}, options: CompactOptions): Promise<Compact>;
export declare function verifyProof(proof: string, expected: ExpectedProof, options?: DpopOptions & {
    clock?: () => number;
}): Promise<VerifiedProof>;
