// The entry point `tokenkeep/mediator`: the server contract in front of any OpenID provider. It
// speaks to the provider through oauth4webapi, and verifies ID tokens by `tokenkeep/edge`; the
// application installs both.

export type { RevocationStore, RevocationSubject, Revoker } from "./edge/options/store-types.js";
export type { Algorithm, Jwk } from "./edge/options/types.js";
export type { Claims, ExecutionContextLike } from "./edge/result/verified.js";
export { MediatorError } from "./mediator/error.js";
export { createMediator } from "./mediator/mediator.js";
export { checkSessionStore, type StoreFinding } from "./mediator/sessions/check.js";
export {
  type D1Sessions,
  d1Sessions,
  type SessionDatabase,
  type SessionStatement,
} from "./mediator/sessions/d1.js";
export {
  durableSessions,
  type SessionNamespace,
  SessionObject,
  type SessionObjectState,
} from "./mediator/sessions/durable.js";
export { memorySessions } from "./mediator/sessions/memory.js";
export { type SealedCookiesOptions, sealedCookies } from "./mediator/sessions/sealed.js";
export { storedSessions } from "./mediator/sessions/stored.js";
export type { SignInErrorCode } from "./mediator/sign-in-error.js";
export type { SessionRecord, SessionStore } from "./mediator/store-types.js";
export type {
  Mediator,
  MediatorEvent,
  MediatorOptions,
  ProviderMetadata,
  ProviderOptions,
  Secrets,
  Sessions,
} from "./mediator/types.js";
export type { ClientAuthentication } from "./oauth/types.js";
export type { WebCryptoKey } from "./shared/web-crypto-key.js";
