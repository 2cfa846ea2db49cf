// The calls to the authority. The cookie is the proof, so they travel with credentials, and to the
// configured URL only.

import type { Endpoint } from "./options.js";

/**
 * The request to `endpoint`. Throws for a relative address where there is no page. With `keepalive` it is finished, and its cookie lands, even when the
 * page goes away meanwhile.
 */
export function requestTo(endpoint: Endpoint, signal: AbortSignal, keepalive: boolean): Request {
  const init: RequestInit = {
    method: endpoint.method,
    headers: endpoint.headers,
    body: endpoint.body ?? null,
    mode: "cors",
    credentials: "include",
    cache: "no-store",
    // A redirect is no answer of these endpoints, and must not carry the request elsewhere.
    redirect: "manual",
    keepalive,
  };
  try {
    return new Request(endpoint.url, { ...init, signal });
  } catch {
    // jsdom has an `AbortSignal` of its own, which Node's `Request` refuses. Without one the call
    // can't be aborted; the engine gives it up in time all the same.
    return new Request(endpoint.url, init);
  }
}

/** 0 for a redirect, which browsers hide. */
export function statusOf(response: Response): number {
  return response.type === "opaqueredirect" ? 0 : response.status;
}

/** The most bytes that are read of a reply. A longer one is refused. */
export const MAX_BODY = 65_536;

/**
 * The bytes of a reply, for the wasm; whoever takes them wipes them. `undefined`: it is too long,
 * and is not read on.
 */
export async function bytesOf(response: Response): Promise<Uint8Array | undefined> {
  const reader = response.body?.getReader();
  const bytes = new Uint8Array(MAX_BODY);
  for (let length = 0; ; ) {
    const chunk = (await reader?.read())?.value;
    if (chunk === undefined) return bytes.subarray(0, length);
    const fits = length + chunk.length <= MAX_BODY;
    if (fits) bytes.set(chunk, length);
    length += chunk.length;
    chunk.fill(0);
    if (!fits) {
      bytes.fill(0);
      discard(reader);
      return undefined;
    }
  }
}

/** Lets the connection go: nobody will read on. */
export function discard(stream: { cancel(): Promise<void> } | null | undefined): void {
  stream?.cancel().catch(() => undefined);
}
