// The calls to the authority. The cookie is the proof, so they travel with credentials, and to the configured URL only.

import type { Body } from "../../build/client/client.js";
import type { Endpoint } from "./options.js";

/** The request to `endpoint`. With `keepalive` it is finished, and its cookie lands, even when the page goes away meanwhile. */
export function requestTo(endpoint: Endpoint, signal: AbortSignal, keepalive: boolean): Request {
  return new Request(endpoint.url, {
    method: endpoint.method,
    headers: endpoint.headers,
    body: endpoint.body ?? null,
    mode: "cors",
    credentials: "include",
    cache: "no-store",
    // A redirect is no answer of these endpoints, and must not carry the request elsewhere.
    redirect: "manual",
    keepalive,
    signal,
  });
}

/** 0 for a redirect, which browsers hide. */
export function statusOf(response: Response): number {
  return response.type === "opaqueredirect" ? 0 : response.status;
}

/** Moves the bytes of a reply into wasm memory; what is left here of them is wiped. */
export async function readInto(body: Body, response: Response): Promise<Body> {
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) return body;
    if (!body.push(chunk.value)) {
      discard(reader);
      return body;
    }
  }
}

/** Lets the connection go: nobody will read on. */
export function discard(stream: { cancel(): Promise<void> } | null | undefined): void {
  stream?.cancel().catch(() => undefined);
}
