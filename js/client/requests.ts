// What a caller of `fetch` hands in: whether its body can be sent twice, and when it has had enough.

/** Whether a `Request` made of these can be sent again: everything but a one-shot stream. */
export function isReplayable(input: RequestInfo | URL, init: RequestInit | undefined, request: Request): boolean {
  const body = init?.body ?? null;
  if (body !== null) return !(typeof ReadableStream === "function" && body instanceof ReadableStream);
  return !(input instanceof Request) || !hasBody(request) || !isMadeOfStream(request);
}

function hasBody(request: Request): boolean {
  return request.method !== "GET" && request.method !== "HEAD" && request.body !== null;
}

/**
 * A `Request` does not tell what its body was made of. But the Fetch standard refuses the mode "no-cors" for a body
 * "whose source is null", which only a stream is, so a trial copy tells.
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
export function abortable<T>(signal: AbortSignal | null | undefined, promise: Promise<T>): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as unknown);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
