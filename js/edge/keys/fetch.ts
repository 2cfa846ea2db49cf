// One fetch of a key set: bounded in time, body included, and in size. The bounds hold even if
// `fetch` ignores its signal.

import { VERSION } from "../../version.js";
import type { JwksSettings } from "../options/read.js";
import { VerifyError } from "../request/error.js";

export interface FetchedKeys {
  /** Null: the set that we have is still the one (304). */
  readonly body: Uint8Array | null;
  readonly etag: string | undefined;
  /** How long the answer says that it is fresh, in milliseconds; null where it does not say. */
  readonly maxAge: number | null;
}

/** @throws {VerifyError} jwks.unreachable, jwks.timeout, jwks.malformed, jwks.too_large */
export async function fetchKeys(
  uri: string,
  etag: string | undefined,
  settings: JwksSettings,
): Promise<FetchedKeys> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new VerifyError("jwks.timeout"));
      controller.abort();
    }, settings.timeout);
  });
  try {
    return await Promise.race([exchange(uri, etag, settings, controller.signal), tooLate]);
  } catch (cause) {
    throw cause instanceof VerifyError ? cause : new VerifyError("jwks.unreachable", { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(
  uri: string,
  etag: string | undefined,
  settings: JwksSettings,
  signal: AbortSignal,
): Promise<FetchedKeys> {
  const headers: Record<string, string> = {
    Accept: "application/jwk-set+json, application/json",
    // Some endpoints answer 403 to a request without one. Browsers keep their own.
    "User-Agent": `tokenkeep/${VERSION}`,
  };
  if (etag !== undefined) headers["If-None-Match"] = etag;
  // Nothing more: some runtimes throw for fields that others want. A redirect comes back as it is,
  // and counts as a failure.
  const init: RequestInit = { method: "GET", headers, signal, redirect: "manual" };
  // Our own cache decides; another one in between would hide a rotation.
  if ("cache" in Request.prototype) init.cache = "no-store";
  const response = await settings.fetch(uri, init);
  const seen = {
    etag: response.headers.get("ETag") ?? undefined,
    maxAge: maxAgeOf(response.headers.get("Cache-Control")),
  };
  if (response.status === 304 && etag !== undefined) {
    discard(response);
    return { ...seen, etag: seen.etag ?? etag, body: null };
  }
  if (response.status !== 200) {
    discard(response);
    throw new VerifyError("jwks.unreachable", {
      message: `The key set's endpoint answered ${response.status}.`,
    });
  }
  return { ...seen, body: await bodyOf(response, settings.maxBytes) };
}

/** Leaves no body open: a Worker has six connections. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

async function bodyOf(response: Response, maxBytes: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new VerifyError("jwks.malformed");
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw new VerifyError("jwks.too_large");
    }
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function maxAgeOf(cacheControl: string | null): number | null {
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})"?(?:$|[\s,])/i.exec(cacheControl ?? "")?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}
