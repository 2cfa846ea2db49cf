// The backend as a page of the application meets it. Each call has the headers that a browser would
// send. The answer is read within bounds, and redirects are not followed. The kit keeps cookies
// itself, so that it can present any cookie at any time.

import { MAX_BODY } from "../js/client/authority.ts";
import { type Jar, readSetCookie, type SetCookie } from "./cookies.ts";
import type { Secrets } from "./secrets.ts";

const TIMEOUT_MS = 15_000;

export interface Target {
  /** Ends with a slash; paths are resolved against it. */
  readonly base: URL;
  readonly refresh: URL;
  readonly logout: URL;
  /** The origin of the application's page. */
  readonly origin: string;
  /** The header that a form can't send. */
  readonly csrf: readonly [name: string, value: string];
  /** For every call. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface Answer {
  /** The name of the call. */
  readonly to: string;
  /** 0 when there was no answer: `trouble` says why. */
  readonly status: number;
  readonly trouble: string;
  readonly headers: Headers;
  readonly cookies: readonly SetCookie[];
  /** Null when it was longer than tokenkeep reads. */
  readonly body: string | null;
  /** The body as JSON; undefined when it is not JSON. */
  readonly json: unknown;
}

export interface Call {
  readonly method?: string;
  readonly origin?: string;
  /** Whether the CSRF header goes along. Default true. */
  readonly csrf?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookie?: string | null;
  readonly body?: string;
}

export class Backend {
  readonly target: Target;
  /** Every answer, in the order in which they came. */
  readonly answers: Answer[] = [];
  readonly #secrets: Secrets;

  constructor(target: Target, secrets: Secrets) {
    this.target = target;
    this.#secrets = secrets;
  }

  /** Calls as the application's page would, except for what `call` changes. */
  async call(to: string, url: URL, call: Call = {}): Promise<Answer> {
    const { method = "POST", origin = this.target.origin, csrf = true, cookie = null, body } = call;
    const headers = new Headers({ Accept: "application/json", Origin: origin });
    // The refresh endpoint has to be on the page's site, or the browser sends it no cookie.
    headers.set(
      "Sec-Fetch-Site",
      origin === url.origin
        ? "same-origin"
        : origin === this.target.origin
          ? "same-site"
          : "cross-site",
    );
    headers.set("Sec-Fetch-Dest", "empty");
    for (const [name, value] of this.target.headers) headers.set(name, value);
    if (csrf) headers.set(...this.target.csrf);
    for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
    if (cookie !== null) headers.set("Cookie", cookie);
    const answer = await this.#send(to, url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    this.answers.push(answer);
    return answer;
  }

  /** What a browser asks before it lets a page of another origin send the CSRF header. */
  preflight(to: string, url: URL, origin: string): Promise<Answer> {
    const asked = {
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": this.target.csrf[0].toLowerCase(),
    };
    return this.call(to, url, { method: "OPTIONS", origin, csrf: false, headers: asked });
  }

  async #send(to: string, url: URL, init: RequestInit): Promise<Answer> {
    try {
      const response = await fetch(url, {
        ...init,
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const now = Date.now();
      const cookies = response.headers
        .getSetCookie()
        .flatMap((line) => readSetCookie(line, url, now) ?? []);
      const body = await readBody(response);
      const json = parsed(body);
      cookies.forEach(({ value }) => this.#secrets.add(value));
      this.#secrets.addNamed(json);
      this.#secrets.addHeaders(response.headers);
      return {
        to,
        status: response.status,
        trouble: "",
        headers: response.headers,
        cookies,
        body,
        json,
      };
    } catch (error) {
      return {
        to,
        status: 0,
        trouble: troubleOf(error),
        headers: new Headers(),
        cookies: [],
        body: "",
        json: undefined,
      };
    }
  }
}

/** A session as one browser holds it. `name` is the refresh cookie's. */
export interface Session {
  readonly jar: Jar;
  readonly name: string;
  /** The value that the last renewal replaced. */
  predecessor: string | null;
}

async function readBody(response: Response): Promise<string | null> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) return new TextDecoder().decode(Buffer.concat(chunks));
    length += chunk.value.length;
    if (length > MAX_BODY) {
      await reader?.cancel();
      return null;
    }
    chunks.push(chunk.value);
  }
}

function parsed(body: string | null): unknown {
  try {
    return body === null ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The code of the cause: the message of `fetch` says only that it failed. Names no address. */
function troubleOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `nothing within ${TIMEOUT_MS / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code =
    typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  return code === "" ? "the connection broke" : code;
}
