import type { Policy } from "../result/verified.js";
export type VerifyErrorCategory = "request" | "token" | "policy" | "keys" | "config" | "runtime";
export type VerifyErrorCode = "token.malformed" | "token.too_large" | "token.encrypted_unsupported" | "token.expired" | "token.not_yet_valid" | "token.revoked" | "token.inactive" | "token.undecryptable" | "token.not_encrypted" | "header.crit" | "header.typ" | "header.cty" | "header.b64" | "header.zip" | "header.enc" | "header.epk" | "header.apu" | "header.apv" | "header.p2c" | "header.p2s" | "header.iss" | "header.sub" | "header.aud" | "alg.not_allowed" | "alg.unsupported_by_runtime" | "issuer.unknown" | "issuer.unavailable" | "key.unknown" | "signature.invalid" | `claim.${string}` | "request.missing" | "request.malformed" | "policy.scope" | "policy.role" | "policy.permission" | "policy.audience" | "policy.delegation" | "policy.tenant" | "policy.step_up" | "policy.fingerprint" | "policy.dpop_required" | "token.bound" | "token.unbound" | "proof.missing" | "proof.malformed" | "proof.typ" | "proof.alg" | "proof.key" | "proof.claims" | "proof.method" | "proof.url" | "proof.time" | "proof.token" | "proof.binding" | "proof.nonce" | "proof.signature" | "proof.replayed" | "replay.unavailable" | "policy.fresh" | "jwks.unreachable" | "jwks.timeout" | "jwks.malformed" | "jwks.too_large" | "discovery.unreachable" | "discovery.timeout" | "discovery.malformed" | "discovery.too_large" | "discovery.mismatch" | "introspection.unreachable" | "introspection.timeout" | "introspection.malformed" | "introspection.too_large" | "introspection.busy" | "introspection.refused" | "introspection.unauthorized" | "revocation.unavailable" | "clock.unavailable" | "runtime.failed" | "runtime.wasm_unavailable" | "config_invalid" | (string & Record<never, never>);
export declare class VerifyError extends Error {
    name: string;
    readonly code: VerifyErrorCode;
    readonly category: VerifyErrorCategory;
    readonly status: number;
    readonly retryable: boolean;
    readonly dpopNonce?: string;
    challenge(policy?: Policy): string | null;
    response(policy?: Policy): Response;
}
