// The error class of the client, and its codes.

import { RETRYABLE, WORDS } from "./words.js";

/** Why a call of the client failed. Stable: codes are added, never changed. */
export type TokenKeepErrorCode =
  /** Thrown by `createTokenKeep`; the message names the option. */
  | "config_invalid"
  /**
   * WebAssembly is missing or forbidden; retryable after a trap or when it could not be fetched.
   */
  | "wasm_unavailable"
  /** The worker's script did not load or did not answer, or the worker was lost. */
  | "worker_unavailable"
  /** Terminal: the authority ended the session. */
  | "refresh_rejected"
  /** The network, 408, 425, 429, 5xx. */
  | "refresh_unreachable"
  | "refresh_timeout"
  /** A 200 without a usable token in it. */
  | "refresh_malformed"
  /** 404, 405, a redirect, another content type; a relative address where there is no page. */
  | "refresh_misconfigured"
  | "logout_failed"
  /** No key for proofs could be made: no `crypto.subtle`, as on an insecure origin. */
  | "dpop_unavailable"
  | "signed_out"
  /** `withToken`, `attempt` or `adopt` when the token lives in a worker. */
  | "not_in_page"
  | "closed";

/**
 * The error that every call of the client rejects with. Two others exist: the caller's own abort
 * reason, and whatever the transport throws.
 *
 * ```ts
 * try {
 *   await keep.refresh();
 * } catch (error) {
 *   if (error instanceof TokenKeepError && error.code === "refresh_rejected") showSignIn();
 * }
 * ```
 */
export class TokenKeepError extends Error {
  override name: string = "TokenKeepError";
  readonly code: TokenKeepErrorCode;
  /** Whether the same call may succeed later although nobody has changed anything. */
  readonly retryable: boolean;
  /** The HTTP status, where an answer was the cause. */
  declare readonly status?: number;
  /** Seconds to wait, where the server or the rate bound asks for it. */
  declare readonly retryAfter?: number;

  /** @internal In the public types this is `Error`'s own. */
  constructor(
    code: TokenKeepErrorCode,
    {
      message = WORDS[code] ?? code,
      retryable = RETRYABLE.includes(code),
      status,
      retryAfter,
      cause,
    }: {
      message?: string;
      retryable?: boolean;
      status?: number | undefined;
      retryAfter?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, cause === undefined ? cause : { cause });
    this.code = code;
    this.retryable = retryable;
    if (status !== undefined) this.status = status;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}
