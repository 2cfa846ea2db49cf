// What the verifier and `tokenkeep/introspection` are to each other. The entry brings the code that
// asks an issuer about opaque tokens, and borrows of the verifier what that needs; without it,
// nobody carries that code.

import type { Core } from "./core.js";
import { fetchBody } from "./keys/fetch.js";
import { keepAlive, promiseScope } from "./keys/scope.js";
import { invalidOption } from "./options/invalid.js";
import { readAddress } from "./options/issuer.js";
import { type Issuer, issuersOf } from "./options/issuers.js";
import { readClock, type Settings } from "./options/read.js";
import type { Introspector } from "./options/types.js";
import { VerifyError } from "./request/error.js";
import { frozen, Outcome } from "./result/outcome.js";
import { RememberedTokens } from "./result/remembered.js";
import type { ExecutionContextLike } from "./result/verified.js";

/** Asks about the tokens of one issuer. */
export interface Introspection {
  /** Of its answers. */
  readonly issuer: Issuer;
  /**
   * What the issuer says, or has said of late. `isFresh`: it is asked now.
   *
   * @throws {VerifyError}
   */
  outcomeOf(
    token: string,
    wasm: Core,
    context: ExecutionContextLike | null,
    isFresh: boolean,
  ): Promise<Outcome>;
}

export interface OpenIntrospector extends Introspector {
  /** @throws {VerifyError} config_invalid */
  open(means: IntrospectionMeans): Introspection;
}

/** The same for every verifier. */
const TOOLS = {
  fetchBody,
  frozen,
  invalidOption,
  issuersOf,
  keepAlive,
  Outcome,
  promiseScope,
  readAddress,
  RememberedTokens,
  VerifyError,
};

/**
 * For one verifier. Names are known to two bundles: none may be among those that
 * scripts/lib/bundle.mjs shortens.
 */
export interface IntrospectionMeans extends Readonly<typeof TOOLS> {
  readonly settings: Settings;
  now(): number;
}

/** Null for a verifier that takes no opaque tokens. */
export function introspectionOf(settings: Settings): Introspection | null {
  const now = () => readClock(settings.clock);
  return settings.introspection?.open({ ...TOOLS, settings, now }) ?? null;
}
