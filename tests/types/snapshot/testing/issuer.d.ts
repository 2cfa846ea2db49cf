import type { Algorithm, IssuerOptions, Jwk } from "../edge/options/types.js";
export interface TestIssuerOptions {
    issuer?: string;
    audience?: string;
    algorithm?: Algorithm;
    secret?: Uint8Array;
    clock?: () => number;
}
export interface TestIssuer {
    readonly options: IssuerOptions;
    mint(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
    rotate(options?: {
        forget?: boolean;
    }): void;
    jwks(): Promise<{
        keys: readonly Jwk[];
    }>;
    readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
}
export declare function testIssuer(options?: TestIssuerOptions): TestIssuer;
