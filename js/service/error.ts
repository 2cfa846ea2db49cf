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

const WORDS: Record<ServiceErrorCode, string> = {
  config_invalid: "An option is not right",
  origin_not_listed: "The origin is not among `targets`",
  token_refused: "The authorization server refuses a token",
  exchange_refused: "The authorization server refuses the exchange",
  exchange_widened: "The authorization server granted a scope that was not asked for",
  token_unreachable: "The authorization server is out of reach",
  token_timeout: "The authorization server is late",
  token_malformed: "The authorization server gave no usable answer",
  subject_missing: "The request has not exactly one Bearer token",
  subject_expired: "The user's token has expired",
  user_refused: "The target is for the service itself",
  closed: "The service tokens are closed",
};

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
  override readonly name: string = "ServiceTokenError";
  /** Stable; docs/service-tokens.md has the table. */
  readonly code: ServiceErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** The status of the token endpoint's answer, where there was one. */
  readonly status?: number;
  /** Seconds until the authorization server is asked again. */
  readonly retryAfter?: number;
  /** The error code of the answer (RFC 6749 section 5.2), where it had one. */
  readonly error?: string;

  /** @internal In the public types this is `Error`'s own. */
  constructor(code: ServiceErrorCode = "config_invalid", details: ErrorDetails = {}) {
    const { message, status, retryAfter, error } = details;
    super(message ?? `${WORDS[code]}${error ? ` (${error})` : ""}.`);
    this.code = code;
    this.retryable = details.retryable ?? false;
    if (status != null) this.status = status;
    if (retryAfter != null) this.retryAfter = retryAfter;
    if (error != null) this.error = error;
  }
}

/** What an error says beside its code. */
export interface ErrorDetails {
  message?: string;
  retryable?: boolean;
  status?: number | null;
  retryAfter?: number | null;
  error?: string | null;
}

/** The error that names the option, and says what is wrong with it. */
export function invalid(option: string, problem: string): ServiceTokenError {
  return new ServiceTokenError("config_invalid", { message: `\`${option}\` ${problem}.` });
}
