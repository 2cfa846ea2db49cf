// What a failure comes to. A sign-in that failed leads back to the application with a code, and a
// reference by which the event for the log can be found. No text of the provider goes along.

import type { EndpointFailure } from "../oauth/ask.js";
import { type HeaderList, redirect, unavailable } from "./answers.js";
import { marked } from "./return-to.js";
import type { Report } from "./setup.js";
import type { SignInErrorCode } from "./sign-in-error.js";
import type { MediatorEvent } from "./types.js";

/** Seconds until the provider is asked again, if it did not say. */
const RETRY = 5;
/** The same where it refuses the mediator: people have to mend that. */
const RETRY_MISCONFIGURED = 60;

/** What a failure of the provider is told as, and when it may be asked again. */
export function meaningOf({ kind, status, retryAfter }: EndpointFailure): {
  readonly event: MediatorEvent["type"];
  /** Seconds. */
  readonly wait: number;
  readonly answer: Response;
} {
  const isOurs = kind === "refused" || kind === "misconfigured";
  const wait = isOurs ? RETRY_MISCONFIGURED : Math.max(1, retryAfter ?? RETRY);
  const event = isOurs ? "misconfigured" : kind === "malformed" ? "provider-answer" : "unavailable";
  return { event, wait, answer: unavailable(wait, status === 429 ? 429 : 503) };
}

/** The sign-in ends with this code. */
export class NotSignedIn extends Error {
  constructor(
    readonly code: SignInErrorCode,
    readonly failure?: EndpointFailure,
  ) {
    super(code);
  }
}

/** @param from where the sign-in would have returned to: its application is the one that hears */
export function failed(
  { code, failure }: NotSignedIn,
  from: URL,
  report: Report,
  subject: string | null = null,
  cookies: HeaderList = [],
): Response {
  const letters = crypto.getRandomValues(new Uint8Array(8));
  const reference = Array.from(letters, (byte) => String.fromCharCode(97 + (byte % 26))).join("");
  report("sign-in-failed", { subject, code, reference });
  if (failure !== undefined)
    report(meaningOf(failure).event, { subject, code: failure.error, reference });
  return redirect(marked(new URL("/", from), `error.${code}.${reference}`), cookies);
}
