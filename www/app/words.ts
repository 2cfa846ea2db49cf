// The page's words for moments, spans of time, errors and reasons. No other module turns a code
// into a sentence.

import { type SignedOutReason, TokenKeepError } from "tokenkeep";
import { Refusal } from "./authority.ts";

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** 14:03:09 on the local clock. */
export function timeOfDay(epochMilliseconds: number): string {
  return clock.format(epochMilliseconds);
}

/** 14:03, or 1:02:03 from an hour on. Rounds up: it reads 0:00 only when the time is over. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const pad = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** "15 min", "20 s": a lifetime in its natural unit. */
export function span(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/**
 * Why there is no session, for the person at the sign-in form. Null where there is nothing to
 * explain.
 */
export function signedOutSentence(reason: SignedOutReason | null): string | null {
  switch (reason) {
    case "logout":
      return "You logged out. The token is wiped.";
    case "logout-elsewhere":
      return "You logged out in another tab.";
    case "rejected":
      return "The authority ended the session. Please sign in again.";
    case "closed":
      return "The keep is closed. Reload the page to open another.";
    case "no-session":
    case null:
      return null;
  }
}

/** What went wrong, in one sentence that says what a person can do. */
export function errorSentence(error: unknown): string {
  if (error instanceof Refusal) return refusalSentence(error);
  if (!(error instanceof TokenKeepError))
    return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case "refresh_unreachable":
      if (error.status === undefined) return "The authority can’t be reached.";
      return error.retryAfter === undefined
        ? `The refresh endpoint answered ${error.status}.`
        : `The refresh endpoint answered ${error.status}, and asks to be left alone for ${error.retryAfter} s.`;
    case "refresh_timeout":
      return "The refresh endpoint did not answer in time.";
    case "refresh_rejected":
      return "The authority refused to renew the token.";
    case "logout_failed":
      return "You are signed out here, but the authority could not be told.";
    default:
      return `${error.message} (${error.code})`;
  }
}

function refusalSentence({ code, status, retryAfter }: Refusal): string {
  if (status === 429)
    return `Too many tries. The authority asks to wait ${retryAfter ?? "a few"} s.`;
  switch (code) {
    case "invalid_credentials":
      return "User name or password is wrong.";
    case "invalid_code":
      return "That code is wrong, or has been used. Wait for the next one.";
    case "not_enrolled":
      return "No authenticator is enrolled yet. Enrol one first.";
    case "already_enrolled":
      return "An authenticator is enrolled already. Open the vault with it before you enrol another.";
    case "refresh_first":
      return "The last renewal of the token was not answered. Renew it, and try again.";
    default:
      break;
  }
  if (status === 401) return "Sign in first.";
  if (status === 403) return "Only an operator may do that; alice is one.";
  return `The authority answered ${status}.`;
}
