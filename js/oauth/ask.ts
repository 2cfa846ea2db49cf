// One exchange with an authorization server through oauth4webapi, bounded in time, body included,
// and in size. The bounds hold even if `fetch` ignores its signal. Whatever fails is told in one
// form, which holds nothing of what was sent or received but the error code.

import { allowInsecureRequests, customFetch } from "oauth4webapi";
import { readWithin } from "../body.js";

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
  readonly [customFetch]: (input: string, init: RequestInit) => Promise<Response>;
  readonly [allowInsecureRequests]: boolean;
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

/** Why an exchange with an authorization server failed. */
export class EndpointFailure extends Error {
  override readonly name = "EndpointFailure";
  constructor(
    readonly kind: FailureKind,
    /** The status of the answer; null where there was none. */
    readonly status: number | null = null,
    /** The error code in the body (RFC 6749 section 5.2), if it is one. */
    readonly error: string | null = null,
    /** Seconds, at most an hour; null where the answer did not say. */
    readonly retryAfter: number | null = null,
    cause?: unknown,
  ) {
    super(`The authorization server's answer: ${kind}.`, cause === undefined ? {} : { cause });
  }
}

/** The longest `Retry-After` that is believed, in seconds. */
const LONGEST_WAIT = 3_600;

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
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      failure = new EndpointFailure("timeout");
      reject(failure);
      controller.abort();
    }, bounds.timeout);
  });
  // Between two requests nobody waits for it.
  tooLate.catch(() => undefined);
  const fetch = async (input: string, init: RequestInit) => {
    failure = new EndpointFailure("unavailable");
    let response: Response;
    try {
      response = await Promise.race([
        bounds.fetch(input, { ...init, redirect: "manual", signal: controller.signal }),
        tooLate,
      ]);
    } catch (cause) {
      if (failure.kind !== "timeout")
        failure = new EndpointFailure("unavailable", null, null, null, cause);
      throw failure;
    }
    // A body that breaks off is an answer that nobody gave.
    const whole = await Promise.race([readWithin(response, bounds.maxBytes), tooLate]);
    failure = failureOf(response, whole, bounds.now());
    if (whole === null) throw failure;
    const headers = new Headers(response.headers);
    // The library reads no body beside a challenge, and the body has the error code.
    headers.delete("WWW-Authenticate");
    // It was decoded already.
    headers.delete("Content-Encoding");
    headers.delete("Content-Length");
    const status = response.status < 200 || response.status > 599 ? 599 : response.status;
    return new Response([204, 205, 304].includes(status) ? null : whole, { status, headers });
  };
  try {
    return await run({
      [customFetch]: fetch,
      [allowInsecureRequests]: bounds.allowHttp,
      signal: controller.signal,
    });
  } catch {
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

/** What a failure is called if this answer is the last one. */
function failureOf(response: Response, body: Uint8Array | null, now: number): EndpointFailure {
  const { status } = response;
  const retryAfter = secondsOf(response.headers.get("Retry-After"), now);
  if (status === 408 || status === 429 || status >= 500)
    return new EndpointFailure("unavailable", status, null, retryAfter);
  if (status >= 400)
    return new EndpointFailure("refused", status, body && errorOf(body), retryAfter);
  return new EndpointFailure("malformed", status, null, retryAfter);
}

/** The characters and the length that an error code may have (RFC 6749 section 5.2). */
const ERROR_CODE = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,64}$/;

function errorOf(body: Uint8Array): string | null {
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof answer !== "object" || answer === null || !Object.hasOwn(answer, "error"))
      return null;
    const { error } = answer as { error: unknown };
    return typeof error === "string" && ERROR_CODE.test(error) ? error : null;
  } catch {
    return null;
  }
}

/** Seconds or a date (RFC 9110 section 10.2.3). */
function secondsOf(header: string | null, now: number): number | null {
  if (header === null) return null;
  const seconds = /^\d{1,10}$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - now) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 0), LONGEST_WAIT);
}
