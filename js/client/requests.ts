// An authorised request: the token attached for listed origins, one refresh and one retry after a
// 401. It is sent at most twice, the second time from a copy that was taken before the first.

import { discard } from "./authority.js";
import { remedyOf } from "./challenge.js";
import type { Host } from "./host.js";

/** Sends what a caller of `fetch` hands in. */
export function send(host: Host, request: Request, replayable: boolean): Promise<Response> {
  const { url } = request;
  // A foreign origin, or a foreign proof, is left alone.
  if (host.engine.allows(url) && !request.headers.has("Authorization")) {
    if (request.mode !== "no-cors") return sendAuthorized(host, request, url, replayable);
    // In this mode the browser lets nobody set a header, nor see the answer.
    host.tell.bare("no-cors", url);
  }
  return host.transport(request);
}

async function sendAuthorized(
  host: Host,
  request: Request,
  url: string,
  replayable: boolean,
): Promise<Response> {
  const { engine } = host;
  await host.answer(engine.input("request", 0));
  request.signal.throwIfAborted();
  // Copied before the header is set: the copy carries no token.
  const spare = replayable ? request.clone() : null;
  const generation = engine.authorize(request);
  const first = await host.transport(request);
  if (generation === 0) return first;
  if (first.status !== 401) {
    host.accepted(generation);
    return first;
  }
  if (!isRenewable(host, first, url)) return first;
  const outcome = await host
    .answer(engine.input("unauthorized", generation))
    .catch((error: unknown) => {
      if (host.lost) return "give-up" as const;
      throw error;
    });
  request.signal.throwIfAborted();
  const renewed = outcome === "token" && spare !== null ? engine.authorize(spare) : 0;
  if (renewed === 0) return first;
  discard(first.body);
  const second = await host.transport(spare!);
  if (second.status !== 401) host.accepted(renewed);
  else if (isRenewable(host, second, url)) host.rejectedFreshToken(renewed, url);
  return second;
}

/**
 * Whether a 401 is about our token's age: it comes from a listed origin and asks for no other
 * remedy.
 */
function isRenewable(host: Host, response: Response, url: string): boolean {
  if (host.lost) return false;
  if (response.redirected && !host.engine.allows(response.url)) return false;
  const remedy = remedyOf(response.headers.get("WWW-Authenticate") ?? "");
  if (remedy) host.tell.stepUp({ ...remedy, url });
  return remedy === undefined;
}

/** Whether a `Request` made of these can be sent again: everything but a one-shot stream. */
export function isReplayable(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  request: Request,
): boolean {
  const body = init?.body ?? null;
  if (body !== null)
    return !(typeof ReadableStream === "function" && body instanceof ReadableStream);
  return !(input instanceof Request) || !hasBody(request) || !isMadeOfStream(request);
}

function hasBody(request: Request): boolean {
  return request.method !== "GET" && request.method !== "HEAD" && request.body !== null;
}

/**
 * A `Request` does not tell what its body was made of. But the Fetch standard refuses the mode
 * "no-cors" for a body "whose source is null", which only a stream's is, so a trial copy tells.
 */
function isMadeOfStream(request: Request): boolean {
  try {
    new Request(request.clone(), { method: "POST", mode: "no-cors" });
    return false;
  } catch {
    return true;
  }
}

/** Settles as `promise` does, or rejects with the signal's own reason as soon as that aborts. */
export function abortable<T>(
  signal: AbortSignal | null | undefined,
  promise: Promise<T>,
): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as unknown);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
