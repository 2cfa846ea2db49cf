// The page's words for moments, spans of time, errors and reasons. No other module turns a code into a sentence.

import { TokenKeepError, type SignedOutReason } from "tokenkeep";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** 14:03:09 on the local clock. */
export function timeOfDay(epochMilliseconds: number): string {
  return clock.format(epochMilliseconds);
}

/** 14:03, or 1:02:03 from an hour on. Rounds up, so that it reads 0:00 only when the time has come. */
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

/** Why there is no session, for the person who looks at the sign-in form; null where there is nothing to explain. */
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

/** What went wrong, in one sentence that a person can act on. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof TokenKeepError)) return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case "refresh_unreachable":
      return error.status === undefined
        ? "The authority can’t be reached."
        : `The refresh endpoint answered ${error.status}.`;
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
