// The entry point `tokenkeep/introspection`: opaque tokens for the verifier, whose issuer is asked
// about them (RFC 7662, RFC 9701). It holds no code of the verifier, and the verifier none of this.

export type { Algorithm, Introspector, Jwk, KeyLocator } from "./edge/options/types.js";
export { introspection } from "./introspection/introspector.js";
export type { IntrospectionEvent, IntrospectionOptions } from "./introspection/types.js";
export type { ClientAuthentication } from "./oauth/types.js";
export type { WebCryptoKey } from "./shared/web-crypto-key.js";
