export type { ClientAuthentication, ClientOptions } from "./oauth/types.js";
export { type ServiceErrorCode, ServiceTokenError } from "./service/error.js";
export { createServiceTokens } from "./service/tokens.js";
export type { OnBehalf, Secrets, ServiceEvent, ServiceOptions, ServiceTokens, Target, } from "./service/types.js";
export type { WebCryptoKey } from "./shared/web-crypto-key.js";
