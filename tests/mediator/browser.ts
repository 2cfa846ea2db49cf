// A browser in front of a mediator: a cookie jar that keeps what browsers keep, the navigations of
// a sign-in, and the calls of a page.

import assert from "node:assert/strict";
import type { Mediator } from "tokenkeep/mediator";

export const APP = "https://app.example.com";
export const URL_OF_MEDIATOR = `${APP}/session`;

interface Cookie {
  readonly value: string;
  readonly attributes: ReadonlyMap<string, string>;
}

type Answering = Pick<Mediator, "fetch">;

export class Browser {
  readonly jar = new Map<string, Cookie>();
  /** Everything that was set, deleted ones too. */
  readonly set: string[] = [];
  readonly #mediator: Answering;
  /** The mediator's own address, for one that is not at `URL_OF_MEDIATOR`. */
  readonly base: string;

  constructor(mediator: Answering, base = URL_OF_MEDIATOR) {
    this.#mediator = mediator;
    this.base = base;
  }

  /** With the cookies that this one has now. */
  copy(mediator: Answering = this.#mediator): Browser {
    const copy = new Browser(mediator, this.base);
    for (const [name, cookie] of this.jar) copy.jar.set(name, cookie);
    return copy;
  }

  get cookies(): string[] {
    return [...this.jar.keys()];
  }

  /** The cookie of the session. */
  get session(): string | undefined {
    return [...this.jar].find(([name]) => /^__(Host-Http|Secure)-[A-Za-z0-9_]+$/.test(name))?.[1]
      .value;
  }

  header(site: "same" | "cross", path: string): string {
    return [...this.jar]
      .filter(([, { attributes }]) => site === "same" || attributes.get("samesite") !== "Strict")
      .filter(([, { attributes }]) => path.startsWith(attributes.get("path") ?? "/"))
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  async send(
    path: string,
    init: RequestInit & { site?: "same" | "cross"; context?: ContextLike } = {},
  ): Promise<Response> {
    const { site = "same", context, ...rest } = init;
    const url = new URL(path, `${this.base}/`);
    const headers = new Headers(rest.headers);
    const cookie = this.header(site, url.pathname);
    if (cookie !== "") headers.set("Cookie", cookie);
    const response = await this.#mediator.fetch(
      new Request(url, { redirect: "manual", ...rest, headers }),
      context,
    );
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    this.set.push(line);
    const [pair = "", ...rest] = line.split("; ");
    const attributes = new Map(
      rest.map((one) => {
        const [name = "", value = ""] = one.split("=");
        return [name.toLowerCase(), value] as const;
      }),
    );
    const name = pair.slice(0, pair.indexOf("="));
    const value = pair.slice(pair.indexOf("=") + 1);
    assert.ok(attributes.has("secure") && attributes.has("httponly"), line);
    if (name.startsWith("__Host-"))
      assert.ok(attributes.get("path") === "/" && !attributes.has("domain"), line);
    assert.ok(name.length + value.length <= 4_096, "a browser drops what is longer");
    if (attributes.get("max-age") === "0") this.jar.delete(name);
    else this.jar.set(name, { value, attributes });
  }

  /** What a page's own call carries. */
  page(path: string, method = "POST", context?: ContextLike): Promise<Response> {
    return this.send(path, {
      method,
      ...(context === undefined ? {} : { context }),
      headers: {
        "X-Requested-With": "XMLHttpRequest",
        Origin: APP,
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
      },
    });
  }

  refresh(context?: ContextLike): Promise<Response> {
    return this.page("refresh", "POST", context);
  }

  /** Goes to an address, as a link of the application's own page does. */
  navigate(path: string, site: "same" | "cross" = "same"): Promise<Response> {
    const fetched = { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
    return this.send(path, { site, headers: fetched });
  }

  /** Begins a sign-in, and gives where the provider is asked. */
  async begin(query = ""): Promise<URL> {
    const response = await this.navigate(`sign-in${query === "" ? "" : `?${query}`}`);
    assert.equal(response.status, 303, await response.text());
    return locationOf(response);
  }
}

export interface ContextLike {
  waitUntil(promise: Promise<unknown>): void;
}

export function locationOf(response: Response): URL {
  return new URL(response.headers.get("Location") ?? assert.fail("no Location"));
}

/** The error in an address that a failed sign-in returned to. */
export function errorIn(response: Response): string {
  assert.equal(response.status, 303);
  const mark = locationOf(response).searchParams.get("tokenkeep") ?? "";
  return /^error\.(\w+)\.[a-z]{8}$/.exec(mark)?.[1] ?? mark;
}

export interface Tokens {
  access_token: string;
  expires_in?: number;
  token_type: string;
  error?: string;
}

export const bodyOf = async (response: Response): Promise<Tokens> =>
  (await response.json()) as Tokens;
