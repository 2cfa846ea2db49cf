// One exchange with an authorization server through oauth4webapi, bounded in time, body included,
// and in size. The bounds hold even if `fetch` ignores its signal. Whatever fails is told in one
// form, which holds nothing of what was sent or received but the error code.

import { oauth } from "./library.js";

export interface Bounds {
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds for a call, body included. */
  readonly timeout: number;
  /** Most bytes of an answer. */
  readonly maxBytes: number;
  /** The time by which a `Retry-After` that is a date counts, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether endpoints may be http:, as on this machine. */
  readonly allowHttp: boolean;
}

/** What oauth4webapi is given as the options of a request. */
export interface RequestOptions {
  readonly [oauth.customFetch]: (input: string, init: RequestInit) => Promise<Response>;
  readonly [oauth.allowInsecureRequests]: boolean;
  readonly signal: AbortSignal;
}

/**
 * - "misconfigured": no request could be made. The key can't be used, the metadata lack the
 *   endpoint, or it is http: where that is not allowed.
 * - "refused": the server's answer of 4xx, with the error code if it gave one.
 * - "unavailable": no answer, or 408, 429, 5xx. It may be better later.
 * - "timeout": no whole answer in time.
 * - "malformed": a redirect, HTML, too much, or what the protocol does not know.
 */
export type FailureKind = "misconfigured" | "refused" | "unavailable" | "timeout" | "malformed";

/** Why an exchange with an authorization server failed. No application sees it. */
export class EndpointFailure extends Error {
  declare readonly kind: FailureKind;
  /** The status of the answer; null where there was none. */
  declare readonly status: number | null;
  /** The error code in the body (RFC 6749 section 5.2), if it is one. */
  declare readonly error: string | null;
  /** Seconds, at most an hour; null where the answer did not say. */
  declare readonly retryAfter: number | null;

  constructor(
    kind: FailureKind,
    status: number | null = null,
    error: string | null = null,
    retryAfter: number | null = null,
  ) {
    super(kind);
    Object.assign(this, { kind, status, error, retryAfter });
  }
}

/**
 * Runs requests of oauth4webapi and the reading of their answers.
 *
 * @throws {EndpointFailure} and nothing else
 */
export async function ask<T>(
  bounds: Bounds,
  run: (options: RequestOptions) => Promise<T>,
): Promise<T> {
  // Told by the answer and not by the library's errors: they are of several classes, and some
  // hold the answer's text.
  let failure = new EndpointFailure("misconfigured");
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new EndpointFailure("timeout"));
      controller.abort();
    }, bounds.timeout);
  });
  const options = {
    async [oauth.customFetch](input: string, init: RequestInit) {
      // A body that breaks off counts as no answer.
      failure = new EndpointFailure("unavailable");
      const { body, headers, ok, status } = await bounds.fetch(input, init);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let length = 0;
      for await (const chunk of body ?? []) {
        chunks.push(chunk);
        if ((length += chunk.length) > bounds.maxBytes) break;
      }
      const text = await new Blob(chunks).text();
      const retryAfter = secondsOf(headers.get("Retry-After"), bounds.now());
      const isTrouble = status === 408 || status === 429 || status >= 500;
      const kind = isTrouble ? "unavailable" : status >= 400 ? "refused" : "malformed";
      const error = kind === "refused" ? errorIn(text) : null;
      failure = new EndpointFailure(kind, status, error, retryAfter);
      if (!ok || length > bounds.maxBytes) throw failure;
      // The library takes a challenge for a refusal.
      const kept = new Headers(headers);
      kept.delete("WWW-Authenticate");
      return new Response(text, { status, headers: kept });
    },
    [oauth.allowInsecureRequests]: bounds.allowHttp,
    signal: controller.signal,
  };
  try {
    return await Promise.race([late, run(options)]);
  } catch (thrown) {
    throw thrown instanceof EndpointFailure ? thrown : failure;
  } finally {
    clearTimeout(timer);
  }
}

/** The characters and the length that an error code may have (RFC 6749 section 5.2). */
const ERROR_CODE = /^[ !#-[\]-~]{1,64}$/;

function errorIn(text: string): string | null {
  try {
    const { error }: Record<string, unknown> = { __proto__: null, ...JSON.parse(text) };
    return typeof error === "string" && ERROR_CODE.test(error) ? error : null;
  } catch {
    return null;
  }
}

/** The longest `Retry-After` that is believed, in seconds. */
const LONGEST_WAIT = 3_600;

/** Seconds or a date (RFC 9110 section 10.2.3). */
function secondsOf(header: string | null, now: number): number | null {
  const told = `${header}`;
  const seconds = /^\d+$/.test(told) ? Number(told) : Math.ceil((Date.parse(told) - now) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), LONGEST_WAIT);
}
