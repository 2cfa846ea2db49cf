// What a failure of the provider or of the store comes to: for the page that called, for the log,
// and for the next try. A failure of theirs signs nobody out.

import { EndpointFailure, type FailureKind } from "../oauth/ask.js";
import { unavailable } from "./answers.js";
import type { MediatorEvent } from "./types.js";

/** Seconds until the provider is asked again, if it did not say. */
const RETRY = 5;
/** The same where it refuses the mediator: people have to mend that. */
const RETRY_MISCONFIGURED = 60;

/** What a failure of the provider or of the store is told as, and when to try again. */
export function meaningOf(thrown: unknown): {
  readonly kind: FailureKind;
  readonly event: MediatorEvent["type"];
  readonly code: string | null;
  /** Seconds. */
  readonly wait: number;
  readonly answer: Response;
} {
  const { kind, status, error, retryAfter } =
    thrown instanceof EndpointFailure ? thrown : new EndpointFailure("unavailable", null, "store");
  const isOurs = kind === "refused" || kind === "misconfigured";
  const wait = isOurs ? RETRY_MISCONFIGURED : Math.max(1, retryAfter ?? RETRY);
  const event = isOurs ? "misconfigured" : kind === "malformed" ? "provider-answer" : "unavailable";
  return { kind, event, code: error, wait, answer: unavailable(wait, status === 429 ? 429 : 503) };
}
