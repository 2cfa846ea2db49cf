import type { Compact, CompactOptions, Jwk, VerifierOptions } from "./edge/options/types.js";
import type { Verifier } from "./edge/result/verified.js";
export declare function createVerifier(options: VerifierOptions): Verifier;
export declare function verifyCompact(jws: string, keys: Jwk | {
    keys: readonly Jwk[];
}, options: CompactOptions): Promise<Compact>;
export { cacheJwksStore, kvJwksStore } from "./edge/keys/stores.js";
export type * from "./edge/options/store-types.js";
export type * from "./edge/options/types.js";
export { VerifyError, type VerifyErrorCategory } from "./edge/request/error.js";
export { kvRevocation, memoryRevocation } from "./edge/result/revocation.js";
export type * from "./edge/result/verified.js";
