// What a fake keep's requests are answered.

import type { FakeAnswer, FakeRoute, FakeRoutes } from "./types.js";

/**
 * An address as the page counts it; outside a page, as a server on this machine does.
 */
export function absolute(address: string | URL): string {
  const href = (globalThis as { location?: { href?: string } }).location?.href ?? "";
  return new URL(address, /^https?:/.test(href) ? href : "http://localhost/").href;
}

/**
 * The request that `fetch` would make of these. Test environments bring a class of their own for
 * signals, which the runtime's `Request` refuses: such a signal is left out.
 */
export function requestOf(input: RequestInfo | URL, init: RequestInit = {}): Request {
  const target = input instanceof Request ? input : absolute(input);
  const { signal, ...others } = init;
  if (signal) {
    try {
      return new Request(target, init);
    } catch {
      // Without it, as below: another fault is told there.
    }
  }
  return new Request(target, signal === null ? { ...others, signal } : others);
}

/** An address of `FakeRoutes`, taken apart. */
interface Pattern {
  readonly method: string | null;
  readonly isBeginning: boolean;
  /** A path, or with an origin before it. */
  readonly address: string;
}

function patternOf(route: string): Pattern {
  const [, method = null, wanted = ""] = /^(?:([A-Za-z]+) +)?(.*)$/.exec(route) ?? [];
  const isBeginning = wanted.endsWith("*");
  return { method, isBeginning, address: isBeginning ? wanted.slice(0, -1) : wanted };
}

function fits({ method, isBeginning, address }: Pattern, request: Request): boolean {
  if (method !== null && method.toUpperCase() !== request.method.toUpperCase()) return false;
  const { origin, pathname, search } = new URL(request.url);
  const hasOrigin = address !== "" && !address.startsWith("/");
  const asked = (hasOrigin ? origin : "") + pathname + (address.includes("?") ? search : "");
  return isBeginning ? asked.startsWith(address) : asked === address;
}

/** Below zero when `one` is the more exact: whole, then longer, then with a method. */
function byExactness(one: Pattern, other: Pattern): number {
  return (
    Number(one.isBeginning) - Number(other.isBeginning) ||
    other.address.length - one.address.length ||
    Number(one.method === null) - Number(other.method === null)
  );
}

export class Routes {
  readonly #routes: Map<string, FakeRoute>;

  constructor(routes: FakeRoutes) {
    this.#routes = new Map(Object.entries(routes));
  }

  add(address: string, route: FakeRoute): void {
    this.#routes.set(address, route);
  }

  /** @throws Error when no route fits: a test wants to know. */
  async answer(request: Request): Promise<Response> {
    const [found] = [...this.#routes]
      .map(([address, route]) => ({ pattern: patternOf(address), route }))
      .filter(({ pattern }) => fits(pattern, request))
      .sort((one, other) => byExactness(one.pattern, other.pattern));
    if (found === undefined) {
      const known = [...this.#routes.keys()].map((address) => JSON.stringify(address)).join(", ");
      throw new Error(
        `The fake keep has no route for ${request.method} ${request.url}. Its routes: ${known || "none"}.`,
      );
    }
    const { route } = found;
    return responseOf(typeof route === "function" ? await route(request) : route);
  }
}

function responseOf(answer: FakeAnswer): Response {
  // A copy, so that one answer serves many requests. Not by `instanceof`: the page of a test may
  // have a class of its own.
  if (isResponse(answer)) return answer.clone();
  if (typeof answer === "number") return new Response(null, { status: answer });
  return new Response(JSON.stringify(answer), {
    headers: { "Content-Type": "application/json" },
  });
}

function isResponse(answer: FakeAnswer): answer is Response {
  return typeof answer === "object" && answer !== null && "clone" in answer && "headers" in answer;
}
