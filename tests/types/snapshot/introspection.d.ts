export type { Algorithm, Introspector, Jwk, KeyLocator } from "./edge/options/types.js";
export { introspection } from "./introspection/introspector.js";
export type { IntrospectionEvent, IntrospectionOptions } from "./introspection/types.js";
export type { ClientAuthentication } from "./oauth/types.js";
export type { WebCryptoKey } from "./shared/web-crypto-key.js";
