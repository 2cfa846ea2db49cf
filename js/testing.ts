// The entry point `tokenkeep/testing`, for the tests of applications and servers: a keep that a
// test scripts, an issuer that signs what it claims, and KV in memory. No other entry imports it,
// so it is in no bundle that does not ask for it.

import { TokenKeepError } from "./index.js";
import { fakeKeepWith } from "./testing/fake-keep.js";
import type { FakeKeep, FakeKeepOptions } from "./testing/types.js";

/**
 * A keep whose session and answers the test scripts, without wasm and network. Its errors are
 * `instanceof` the `TokenKeepError` of `tokenkeep`.
 *
 * ```ts
 * const keep = fakeKeep({ claims: { name: "Ada" }, routes: { "/orders": [{ id: 7 }] } });
 * await keep.fetch("/orders");
 * keep.signOut("rejected");
 * ```
 */
export function fakeKeep(options: FakeKeepOptions = {}): FakeKeep {
  return fakeKeepWith(options, TokenKeepError);
}

export { type TestIssuer, type TestIssuerOptions, testIssuer } from "./testing/issuer.js";
export { type MemoryKv, memoryKv } from "./testing/memory-kv.js";
export { fakeToken } from "./testing/token.js";
export type * from "./testing/types.js";
