// The error class of the client, its codes and their messages. No message holds a secret.

/** Why a call of the client failed. Stable: codes are added, never changed. */
export type TokenKeepErrorCode =
  /** Thrown by `createTokenKeep`; the message names the option. */
  | "config_invalid"
  /**
   * WebAssembly is missing or forbidden; retryable after a trap or when it could not be fetched.
   */
  | "wasm_unavailable"
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
  /** `withToken` or `adopt` when the token lives in a worker. */
  | "not_in_page"
  | "closed";

/** @internal What only a developer can mend. No call rejects with the last three. */
export type Fault =
  | "wasm_unavailable"
  | "refresh_misconfigured"
  | "refresh_malformed"
  | "sign-in-without-token"
  | "cookie-not-kept"
  | "challenge-not-exposed";

/**
 * What is wrong, and what to do about it. The codes that are missing always come with a message.
 *
 * @internal
 */
export const WORDS: Readonly<Partial<Record<TokenKeepErrorCode, string>> & Record<Fault, string>> =
  {
    wasm_unavailable:
      "WebAssembly can't be used here. With a Content-Security-Policy, script-src needs 'wasm-unsafe-eval'.",
    refresh_rejected: "The authority refused the refresh: the session is over.",
    refresh_unreachable: "The authority can't be reached or asks to wait.",
    refresh_timeout: "There is no answer in time.",
    refresh_malformed: "An answer without a usable token: name its member in `reply`.",
    refresh_misconfigured: "This is no answer of a refresh endpoint: look at `refresh`.",
    logout_failed: "You are signed out here, but the session at the server may not be over.",
    dpop_unavailable: "No key for proofs can be made here, or the token needs none.",
    signed_out: "There is no session.",
    closed: "The keep is closed.",
    "sign-in-without-token": "The token is left to you: name its member in `reply`.",
    "cookie-not-kept": "Look at the cookie's host, Secure, SameSite and Path.",
    "challenge-not-exposed": "Name WWW-Authenticate in Access-Control-Expose-Headers.",
  };

const RETRYABLE: readonly TokenKeepErrorCode[] = [
  "refresh_unreachable",
  "refresh_timeout",
  "refresh_malformed",
  "logout_failed",
];

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
    details: {
      message?: string;
      retryable?: boolean;
      status?: number | undefined;
      retryAfter?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(
      details.message ?? WORDS[code] ?? code,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.retryable = details.retryable ?? RETRYABLE.includes(code);
    if (details.status !== undefined) this.status = details.status;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/** @internal The error for a failure that the engine tells of. `retryAfter`: seconds. */
export function failure(
  code: TokenKeepErrorCode,
  status?: number,
  retryAfter?: number,
): TokenKeepError {
  return new TokenKeepError(code, { status, retryAfter });
}
