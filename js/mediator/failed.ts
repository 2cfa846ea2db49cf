// A sign-in that failed: the browser returns to the application with a code, and a reference by
// which the event for the log can be found. No text of the provider goes along.

import type { EndpointFailure } from "../oauth/ask.js";
import { redirect } from "./answers.js";
import { marked } from "./return-to.js";
import type { Setup } from "./setup.js";
import type { SignInErrorCode } from "./sign-in-error.js";

interface Circumstances {
  readonly cookies?: readonly string[];
  readonly subject?: string | null;
  readonly failure?: EndpointFailure;
}

/** @param from where the sign-in would have returned to: its application is the one that hears */
export function failed(
  code: SignInErrorCode,
  from: URL,
  { report }: Setup,
  { cookies = [], subject = null, failure }: Circumstances = {},
): Response {
  const letters = crypto.getRandomValues(new Uint8Array(8));
  const reference = Array.from(letters, (byte) => String.fromCharCode(97 + (byte % 26))).join("");
  report("sign-in-failed", { subject, code, reference });
  if (failure !== undefined) report(eventOf(failure), { subject, code: failure.error, reference });
  return redirect(marked(new URL("/", from), `error.${code}.${reference}`), cookies);
}

/** What a failure of the provider is told as. */
export function eventOf({ kind }: EndpointFailure) {
  if (kind === "refused" || kind === "misconfigured") return "misconfigured";
  return kind === "malformed" ? "provider-answer" : "unavailable";
}
