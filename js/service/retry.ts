// What is sent again after an API has refused a token: once, with another token, and byte for byte
// what was sent before. It is loaded for the first refusal, and for requests that have to be copied
// beforehand.

import { discard, isMadeOfStream } from "../shared/body.js";
import type { Kept } from "./entry.js";
import type { Lender } from "./keeper.js";

/** A token that is refused when it is younger than this is not renewed: it is not its age. */
const FRESH = 10_000;

/** A login or more scope is wanted, which no fresh token brings (RFC 6750, RFC 9470 section 3). */
const INSUFFICIENT = /\berror\s*=\s*"?insufficient_(scope|user_authentication)\b/i;

const isRefused = ({ status, headers }: Response) =>
  status === 401 && !INSUFFICIENT.test(headers.get("WWW-Authenticate") ?? "");

/**
 * The answer that the caller gets, where `first` is a 401 to the token `kept`.
 *
 * @param spare what is sent again; null where that can't be
 */
export async function answerAfter(
  first: Response,
  kept: Kept,
  { latest, now, rejected, take }: Lender,
  spare: RequestInfo | null,
  send: (kept: Kept, what: RequestInfo) => Promise<Response>,
): Promise<Response> {
  if (!isRefused(first)) return first;
  const isLatest = (latest() ?? kept) === kept;
  if (isLatest && now() - kept.receivedAt < FRESH) {
    rejected(kept);
    return first;
  }
  const other = await take(kept).catch(() => null);
  if (!other || !spare) return first;
  discard(first.body);
  const second = await send(other, spare);
  if (isRefused(second)) rejected(other);
  return second;
}

/** To be sent if the request is refused; null where its body can be had once. */
export function copyOf(request: Request, init: RequestInit | undefined): Request | null {
  const given = init?.body ?? null;
  const isReplayable =
    given === null
      ? // Without a mode, as on Workers, a body of a stream can't be told from another.
        request.body === null || ("mode" in request && !isMadeOfStream(request))
      : !(given instanceof ReadableStream);
  return isReplayable ? request.clone() : null;
}
