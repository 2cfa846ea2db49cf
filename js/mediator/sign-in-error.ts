// What the mediator tells a page of a sign-in that failed. The page's half reads it.

/** Why a sign-in failed. It is in the address of the page that the browser returns to. */
export type SignInErrorCode =
  /** The user refused at the provider. */
  | "cancelled"
  /** The sign-in took more than ten minutes, ended already, or began in another browser. */
  | "expired"
  /** `prompt: "none"`, and the provider has something to ask the user. */
  | "interaction_required"
  /** The user signed in with less than `acrValues` or `maxAge` asked for. */
  | "step_up_failed"
  /** The option `admit` refused. */
  | "not_admitted"
  /** The provider gave no refresh token, and the sessions need one. */
  | "no_refresh_token"
  /** The session does not fit into cookies. */
  | "session_too_large"
  /** The provider, or the store, can't be reached. */
  | "provider_unavailable"
  /** The provider's answer is wrong. */
  | "provider_error"
  /** The mediator is not set up as the provider expects it. */
  | "misconfigured";
