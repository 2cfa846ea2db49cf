// The requests that a keep itself sends by the `fetch` of the page. An application may have put
// `keep.fetch` in the place of that: then they come back to the keep.

export const sent = new WeakSet<object>();

/** Sends by the `fetch` that the page has now. */
export function send(request: Request): Promise<Response> {
  sent.add(request);
  return globalThis.fetch(request);
}
