// What the tests of service tokens have in common: an authorization server that says what a test
// wants, APIs that do, and time that passes when a test says so.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Verified } from "tokenkeep/edge";
import { type ServiceErrorCode, ServiceTokenError } from "../../js/service/error.ts";
import { readOptions } from "../../js/service/options.ts";
import { serviceTokens } from "../../js/service/tokens.ts";
import type {
  ServiceEvent,
  ServiceOptions,
  ServiceTokens,
  Target,
} from "../../js/service/types.ts";

export const ISSUER = "https://auth.example.com";
export const STOCK = "https://stock.example.com";
export const PRICES = "https://prices.example.com";
export const SECRET = "the-secret-of-the-service";

/** A request for a token, as the authorization server has it. */
export interface Asked {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Headers;
}

export interface Scene {
  readonly tokens: ServiceTokens;
  /** All requests for tokens. */
  readonly asked: Asked[];
  /** All requests to the targets. */
  readonly calls: Request[];
  readonly events: ServiceEvent[];
  /** Time passes: milliseconds. The wall clock goes with it. */
  pass(ms: number): void;
  /** The wall clock is set: milliseconds. */
  setClock(by: number): void;
  now(): number;
}

export interface Play {
  /** The answer to a request for a token. Default {@link granting}. */
  grant?: (asked: Asked, count: number) => Response | Promise<Response>;
  /** The answer of a target. Default 200. */
  answer?: (request: Request, count: number) => Response | Promise<Response>;
  options?: Partial<ServiceOptions>;
  /** Chance. Default 0: a token is due as late as it can be. */
  random?: () => number;
}

export const TARGETS: Record<string, Target> = {
  [STOCK]: { audience: "stock", scopes: ["stock:read"] },
};

/** A good answer, whose token says which it is. */
export function granting(count: number, members: Record<string, unknown> = {}): Response {
  return Response.json({
    access_token: `token-${count}`,
    token_type: "Bearer",
    expires_in: 600,
    ...members,
  });
}

export const EXCHANGED = { issued_token_type: "urn:ietf:params:oauth:token-type:access_token" };

export function play({ grant, answer, options, random = () => 0 }: Play = {}): Scene {
  const asked: Asked[] = [];
  const calls: Request[] = [];
  const events: ServiceEvent[] = [];
  let monotonic = 1_000;
  let wall = Date.UTC(2026, 10, 30);
  const settings = readOptions({
    issuer: ISSUER,
    tokenEndpoint: `${ISSUER}/token`,
    client: { id: "orders", auth: { method: "client_secret_basic", secret: SECRET } },
    targets: TARGETS,
    async fetch(url, init) {
      const one = {
        url,
        form: new URLSearchParams(String(init.body)),
        headers: new Headers(init.headers),
      };
      const count = asked.push(one);
      return grant === undefined ? granting(count, EXCHANGED) : grant(one, count);
    },
    async transport(request) {
      const count = calls.push(request);
      return answer === undefined ? new Response("fine") : answer(request, count);
    },
    clock: () => wall,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  const tokens = serviceTokens(settings, { now: () => monotonic, random });
  return {
    tokens,
    asked,
    calls,
    events,
    pass(ms) {
      monotonic += ms;
      wall += ms;
    },
    setClock: (by) => void (wall += by),
    now: () => wall,
  };
}

/** The token that a request carries. */
export function bearer(request: Request | undefined): string | null {
  return request?.headers.get("Authorization")?.replace(/^Bearer /, "") ?? null;
}

/** Checks that a call has no token, and why. */
export async function refused(
  work: Promise<unknown>,
  code: ServiceErrorCode,
): Promise<ServiceTokenError> {
  const error = await work.then(
    () => assert.fail(`it was not refused with ${code}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ServiceTokenError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

/** Waits for what is under way, which needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for what other threads do. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A request of a user, and what the verifier made of it. */
export function inbound(
  user: string,
  exp: number,
  token = `inbound-of-${user}`,
): { request: Request; auth: Verified } {
  return {
    request: new Request("https://orders.example.com/", {
      headers: { Authorization: `Bearer ${token}` },
    }),
    auth: verified({ sub: user, exp }),
  };
}

export function verified(claims: Record<string, unknown>): Verified {
  return {
    claims,
    header: { alg: "ES256" },
    issuer: ISSUER,
    tenant: null,
    key: { kid: null, alg: "ES256", thumbprint: "" },
    cached: false,
    keys: { source: "memory", ageMs: 0, stale: false },
    scopes: new Set(),
    roles: new Set(),
    permissions: new Set(),
    actors: [],
  };
}

export const prefixOf = (subject: string): string =>
  createHash("sha256").update(subject).digest("hex").slice(0, 16);
