// The calls to the authority. They carry the cookie, which is the proof, and go to the configured
// URL only.

import { discard } from "../shared/body.js";
import type { Endpoint } from "./options.js";
import { readJson } from "./session.js";

/**
 * The request to `endpoint`. With `keepalive` the browser finishes it, and stores the cookie, even
 * when the page goes away meanwhile.
 *
 * @throws {TypeError} for a relative address where there is no page
 */
export function requestTo(endpoint: Endpoint, signal: AbortSignal, keepalive: boolean): Request {
  const init: RequestInit = {
    method: endpoint.method,
    headers: endpoint.headers,
    body: endpoint.body ?? null,
    mode: "cors",
    credentials: "include",
    cache: "no-store",
    // These endpoints answer with no redirect, and none may take the request elsewhere.
    redirect: "manual",
    keepalive,
  };
  try {
    return new Request(endpoint.url, { ...init, signal });
  } catch {
    // Node's `Request` refuses the `AbortSignal` of jsdom. A call without a signal can't be
    // aborted, but the engine still gives it up in time.
    return new Request(endpoint.url, init);
  }
}

/** The status; 0 for a redirect, which browsers hide. */
export function statusOf(response: Response): number {
  return response.type === "opaqueredirect" ? 0 : response.status;
}

/** The moment of its `Date`; NaN where that can't be seen. */
export function sentAtOf(response: Response): number {
  return Date.parse(response.headers.get("Date") ?? "");
}

/** The most bytes that are read of a reply. A longer one is refused. */
export const MAX_BODY = 65_536;

/**
 * The bytes of a reply, for the wasm. The caller wipes them. `undefined` for a reply that is too
 * long: the rest is not read.
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

/**
 * The JSON of a reply, or what `restOf` leaves of it; `null` where there is none, or one that is
 * too long.
 */
export async function jsonOf(
  response: Response,
  restOf?: (body: Uint8Array) => Uint8Array | undefined,
): Promise<unknown> {
  if (!isLabelled(response)) {
    discard(response.body);
    return null;
  }
  const bytes = await bytesOf(response).catch(() => undefined);
  return bytes === undefined ? null : readJson(restOf?.(bytes) ?? bytes);
}

/** Whether a reply says of itself that it is JSON. */
export function isLabelled(response: Response): boolean {
  return /^[^;]*[/+]json\s*(;|$)/i.test(response.headers.get("Content-Type") ?? "");
}
