// The one error class of service tokens. No text here ever holds anything of a token, of a secret
// or of what a server wrote, but for the error code of OAuth.

/** Why a call has no token. Codes are added with time: a `switch` needs a default. */
export type ServiceErrorCode =
  | "config_invalid"
  | "origin_not_listed"
  | "token_refused"
  | "exchange_refused"
  | "exchange_widened"
  | "token_unreachable"
  | "token_timeout"
  | "token_malformed"
  | "subject_missing"
  | "subject_expired"
  | "user_refused"
  | "closed";

/**
 * What every call for a token rejects with.
 *
 * ```ts
 * try {
 *   return await asUser.fetch("https://stock.internal.example/items");
 * } catch (error) {
 *   if (!(error instanceof ServiceTokenError)) throw error;
 *   return new Response(null, { status: error.retryable ? 503 : 502 });
 * }
 * ```
 */
export class ServiceTokenError extends Error {
  declare readonly name: string;
  /** Stable; docs/service-tokens.md has the table. */
  declare readonly code: ServiceErrorCode;
  /** Whether the same call may succeed later. */
  declare readonly retryable: boolean;
  /** The status of the token endpoint's answer, where there was one. */
  declare readonly status?: number;
  /** Seconds until the authorization server is asked again. */
  declare readonly retryAfter?: number;
  /** The error code of the answer (RFC 6749 section 5.2), where it had one. */
  declare readonly error?: string;

  /** @internal In the public types this is `Error`'s own. */
  constructor(
    code: ServiceErrorCode = "config_invalid",
    details: ErrorDetails = {},
    message = details.error ? `${code}: ${details.error}` : code,
  ) {
    super(message);
    const retryable = details.retryAfter !== undefined;
    Object.assign(this, { name: "ServiceTokenError", code, retryable, ...details });
  }
}

/** What an error says beside its code. With `retryAfter` the call may succeed later. */
export interface ErrorDetails {
  readonly status?: number;
  readonly retryAfter?: number;
  readonly error?: string;
}
