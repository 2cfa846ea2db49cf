import type { FakeKeep, FakeKeepOptions } from "./testing/types.js";
export declare function fakeKeep(options?: FakeKeepOptions): FakeKeep;
export { type TestIssuer, type TestIssuerOptions, testIssuer } from "./testing/issuer.js";
export { type MemoryKv, memoryKv } from "./testing/memory-kv.js";
export { fakeToken } from "./testing/token.js";
export type * from "./testing/types.js";
