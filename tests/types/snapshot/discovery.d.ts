export { type DiscoverOptions, discover } from "./discovery/discover.js";
export { pemMap } from "./discovery/pem-map.js";
export { pemPerKey } from "./discovery/pem-per-key.js";
export type { KeyLocator } from "./edge/options/types.js";
