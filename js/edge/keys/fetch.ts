// One fetch of what is published: bounded in time, body included, and in size. The bounds hold even
// if `fetch` ignores its signal.

import { discard, readWithin } from "../../shared/body.js";
import { VERSION } from "../../shared/version.js";
import type { JwksSettings } from "../options/read.js";
import { VerifyError } from "../request/error.js";

export interface Fetched {
  /** Null: what we have is still the one (304). */
  readonly body: string | Uint8Array | null;
  readonly etag: string | undefined;
  /** How long the answer says that it is fresh, in milliseconds; null where it does not say. */
  readonly maxAge: number | null;
}

/** @throws {VerifyError} unreachable, timeout, malformed, too_large, after `settings.codes` */
export async function fetchBody(
  uri: string,
  settings: JwksSettings,
  etag?: string,
): Promise<Fetched> {
  // Not `withoutDelay`: a time-out is told here, and ends the request.
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new VerifyError(`${settings.codes}.timeout`));
      controller.abort();
    }, settings.timeout);
  });
  try {
    return await Promise.race([exchange(uri, etag, settings, controller.signal), tooLate]);
  } catch (cause) {
    throw cause instanceof VerifyError
      ? cause
      : new VerifyError(`${settings.codes}.unreachable`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Keys in PEM come by many types. */
const KEY_SETS = "application/jwk-set+json, application/json, */*;q=0.1";
/** An issuer's metadata (RFC 8414 section 3.2). */
const JSON_TEXT = "application/json";

/** The answers for what is not there. S3 says 403 to those who may not list what is. */
const ABSENT: readonly number[] = [403, 404, 410];
/** The text of a key set, for a set that is empty would be none. */
const NO_KEY = '{"keys":[{}]}';

async function exchange(
  uri: string,
  etag: string | undefined,
  settings: JwksSettings,
  signal: AbortSignal,
): Promise<Fetched> {
  const { codes, decode } = settings;
  const headers: Record<string, string> = { Accept: codes === "jwks" ? KEY_SETS : JSON_TEXT };
  // Some endpoints answer 403 to a request without one. Browsers have their own; Firefox would ask
  // for leave to send another one by a preflight, which key endpoints don't answer.
  if (!/^Mozilla\//.test(globalThis.navigator?.userAgent ?? ""))
    headers["User-Agent"] = `tokenkeep/${VERSION}`;
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
    discard(response.body);
    return { ...seen, etag: seen.etag ?? etag, body: null };
  }
  if (response.status !== 200) {
    discard(response.body);
    // Whatever stands in it.
    if (settings.mayBeAbsent && ABSENT.includes(response.status)) return { ...seen, body: NO_KEY };
    throw new VerifyError(`${codes}.unreachable`, {
      message: `The endpoint answered ${response.status}.`,
    });
  }
  const body = await bodyOf(response, codes, settings.maxBytes);
  if (decode === null) return { ...seen, body };
  try {
    const text = new TextDecoder().decode(body);
    return { ...seen, body: JSON.stringify(await decode(text)) };
  } catch (cause) {
    if (cause instanceof VerifyError && cause.code.startsWith(codes)) throw cause;
    throw new VerifyError(`${codes}.malformed`, { cause });
  }
}

/** @throws {VerifyError} malformed, too_large, after `codes` */
export async function bodyOf(
  message: Pick<Response, "body">,
  codes: string,
  maxBytes: number,
): Promise<Uint8Array> {
  if (message.body === null) throw new VerifyError(`${codes}.malformed`);
  const body = await readWithin(message, maxBytes);
  if (body === null) throw new VerifyError(`${codes}.too_large`);
  return body;
}

function maxAgeOf(cacheControl: string | null): number | null {
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})"?(?:$|[\s,])/i.exec(cacheControl ?? "")?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}
