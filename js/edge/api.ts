// What all entry points `tokenkeep/edge` export. Each adds `createVerifier` and `verifyCompact`
// over its own instance of the wasm.

export { durableReplay, type ReplayNamespace } from "./dpop/durable-replay.js";
export { memoryReplay } from "./dpop/memory-replay.js";
export { cacheJwksStore, kvJwksStore } from "./keys/stores.js";
export type * from "./options/store-types.js";
export type * from "./options/types.js";
export { VerifyError, type VerifyErrorCategory, type VerifyErrorCode } from "./request/error.js";
export { mayAct } from "./result/actors.js";
export { auditOf } from "./result/audit.js";
export { kvRevocation, memoryRevocation } from "./result/revocation.js";
export type * from "./result/verified.js";
