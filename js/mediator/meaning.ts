// What a failure of the provider or of the store comes to: for the page that called, for the log,
// and for the next try. A failure of theirs signs nobody out.

import { EndpointFailure, type FailureKind } from "../oauth/ask.js";
import { unavailable } from "./answers.js";
import type { MediatorEvent } from "./types.js";

/** Seconds until the provider is asked again, if it did not say. */
const RETRY = 5;
/** The same where it refuses the mediator: people have to mend that. */
const RETRY_MISCONFIGURED = 60;

/** It refuses this session, or this sign-in, and no other (OpenID Connect Core 1.0, 3.1.2.6). */
const OVER = /^(invalid_grant|(interaction|login|consent)_required)$/;

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
  const isOver = OVER.test(error ?? "");
  const isOurs = !isOver && (kind === "refused" || kind === "misconfigured");
  const wait = isOurs ? RETRY_MISCONFIGURED : Math.max(1, retryAfter ?? RETRY);
  const others = kind === "malformed" ? "provider-answer" : "unavailable";
  const event = isOver ? "refused" : isOurs ? "misconfigured" : others;
  return { kind, event, code: error, wait, answer: unavailable(wait, status === 429 ? 429 : 503) };
}
