// The rule by which a request goes out: with the token of its origin. After a refusal there is one
// renewal and one retry (retry.ts).

import { loadRetry } from "../chunks.js";
import { abortable } from "../shared/patience.js";
import type { Kept } from "./entry.js";
import type { Lender } from "./keeper.js";
import type { ServiceOptions } from "./types.js";

/** How a caller sends. */
export interface Caller {
  /** @throws {ServiceTokenError} origin_not_listed, or why this caller may not call there */
  lend(origin: string): Lender;
  readonly transport: ServiceOptions["transport"];
  /** How the `Authorization` of the user's request ends. One that is passed on has it still. */
  readonly inbound?: string | undefined;
}

export async function exchange(
  { lend, transport, inbound }: Caller,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Promise<Response> {
  const { href, origin } = new URL(input instanceof Request ? input.url : input);
  // A `blob:` has an origin too, and an address may begin with a user's name.
  const lender = lend(href.startsWith(`${origin}/`) ? origin : "");
  const plain = input instanceof Request ? null : reusable(init ?? {});
  const request = plain ? href : new Request(input, init);
  const parts: RequestInit = { ...plain, redirect: "manual" };
  const { signal, headers: given } = plain ?? (request as Request);
  const headers = given && new Headers(given);
  const send = (what: RequestInfo) =>
    transport ? transport(new Request(what, parts)) : fetch(what, parts);
  // The caller's own goes out as it is, but not the very token with which the user came.
  const known = headers?.get("Authorization");
  if (known != null && !(inbound && known.endsWith(inbound)))
    return abortable(signal, () => send(request));
  const spare = plain ? href : (await loadRetry()).copyOf(request as Request, init);
  const sendWith = ({ token }: Kept, what: RequestInfo) => {
    const authorization = `Bearer ${token}`;
    headers?.set("Authorization", authorization);
    parts.headers = headers ?? { Authorization: authorization };
    return send(what);
  };
  const kept = await abortable(signal, () => lender.take());
  const first = await sendWith(kept, request);
  if (first.status !== 401) return first;
  const { answerAfter } = await loadRetry();
  return abortable(signal, () => answerAfter(first, kept, lender, spare, sendWith));
}

/**
 * What `fetch` can be given again as it is, without a `Request` made first. That costs more than
 * all else here. A text can't be changed meanwhile, as a buffer can.
 */
function reusable(init: RequestInit): RequestInit | null {
  const { body } = init;
  // The members of an instance of a class, such as a `Request`, are not its own.
  return Object.getPrototypeOf(init) === Object.prototype &&
    (body == null || typeof body === "string")
    ? init
    : null;
}
