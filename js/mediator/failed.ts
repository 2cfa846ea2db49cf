// A sign-in that failed leads back to the application with a code, and a reference by which the
// event for the log can be found. No text of the provider goes along.

import { type HeaderList, redirect } from "./answers.js";
import { meaningOf } from "./meaning.js";
import type { About, Setup } from "./setup.js";
import type { SignInErrorCode } from "./sign-in-error.js";

/** The sign-in ends with this code. */
export class NotSignedIn extends Error {
  constructor(readonly code: SignInErrorCode) {
    super(code);
  }
}

/**
 * @param from where the sign-in would have returned to: its application is the one that hears
 * @param about what is known of the sign-in; a `code` of it stands in for what was thrown
 */
export function failed(
  thrown: unknown,
  from: URL,
  about: About,
  { report }: Pick<Setup, "report">,
  cookies: HeaderList = [],
): Response {
  const letters = crypto.getRandomValues(new Uint8Array(8));
  const reference = String.fromCharCode(...letters.map((byte) => 97 + (byte % 26)));
  const meaning = thrown instanceof NotSignedIn ? null : meaningOf(thrown);
  const code = about.code ?? (meaning ? codeOf(meaning) : (thrown as NotSignedIn).code);
  report("sign-in-failed", { ...about, code, reference });
  if (meaning) report(meaning.event, { ...about, code: meaning.code, reference });
  return redirect(new URL(`/?tokenkeep=error.${code}.${reference}`, from), cookies);
}

function codeOf({ kind, event, code }: ReturnType<typeof meaningOf>): SignInErrorCode {
  if (event === "unavailable") return "provider_unavailable";
  const isOurs = kind === "misconfigured" || code === "invalid_client";
  return isOurs ? "misconfigured" : "provider_error";
}
