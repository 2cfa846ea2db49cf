// The entry point `tokenkeep/discovery`: ways to find an issuer's keys beyond the address of a JSON
// Web Key Set. It holds no code of the verifier, and the verifier none of this.

export { type DiscoverOptions, discover } from "./discovery/discover.js";
export { pemMap } from "./discovery/pem-map.js";
export { pemPerKey } from "./discovery/pem-per-key.js";
export type { KeyLocator } from "./edge/options/types.js";
