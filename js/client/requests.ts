// Sends a request with the token attached, if its origin is listed. After a 401 there is one
// refresh and one retry. The retry sends a copy that was made before the first try.

import { discard } from "./authority.js";
import { remedyOf } from "./challenge.js";
import type { Host } from "./host.js";

/** Sends the request of a caller of `keep.fetch`. */
export function send(host: Host, request: Request, replayable: boolean): Promise<Response> {
  const { url } = request;
  // A request to another origin, or with an Authorization of its own, goes out as it is.
  if (host.engine.allows(url) && !request.headers.has("Authorization")) {
    if (request.mode !== "no-cors") return sendAuthorized(host, request, url, replayable);
    // In this mode the browser drops the header and hides the answer.
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
  // The copy is made before the header is set, so it carries no token.
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
 * Whether a fresh token may help after this 401: it comes from a listed origin and asks for no
 * other remedy.
 */
function isRenewable(host: Host, response: Response, url: string): boolean {
  if (host.lost) return false;
  if (response.redirected && !host.engine.allows(response.url)) return false;
  const remedy = remedyOf(response.headers.get("WWW-Authenticate") ?? "");
  if (remedy) host.tell.stepUp({ ...remedy, url });
  return remedy === undefined;
}

/** Whether a `Request` made of these can be sent twice. A body that is a stream can't. */
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
 * Whether the body of a `Request` was made of a stream, which the `Request` does not tell. But the
 * Fetch standard refuses the mode "no-cors" for a body "whose source is null", and only the source
 * of a stream is null. So a trial copy shows it.
 */
function isMadeOfStream(request: Request): boolean {
  try {
    new Request(request.clone(), { method: "POST", mode: "no-cors" });
    return false;
  } catch {
    return true;
  }
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as the signal aborts. */
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
