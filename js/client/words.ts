// The messages of errors and of lines for the console. None holds a secret.

import type { TokenKeepErrorCode } from "./error.js";

/** @internal What only a developer can mend. No call rejects with the last three. */
export type Fault =
  | "wasm_unavailable"
  | "refresh_misconfigured"
  | "refresh_malformed"
  | "sign-in-without-token"
  | "cookie-not-kept"
  | "challenge-not-exposed";

/** What is wrong, and what to do about it. The codes that are missing come with a message. */
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
    dpop_unavailable: "No proof can be made here.",
    signed_out: "There is no session.",
    closed: "The keep is closed.",
    "sign-in-without-token": "The token is left to you: name its member in `reply`.",
    "cookie-not-kept": "Look at the cookie's host, Secure, SameSite and Path.",
    "challenge-not-exposed": "Name WWW-Authenticate in Access-Control-Expose-Headers.",
  };

export const RETRYABLE: readonly TokenKeepErrorCode[] = [
  "worker_unavailable",
  "refresh_unreachable",
  "refresh_timeout",
  "refresh_malformed",
  "logout_failed",
];
