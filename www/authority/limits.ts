// The limits, and the keys that they count by. No limit counts by the address alone: many people
// can share one, and one attacker can have many. An attempt is counted before it is made, so that
// parallel guesses gain nothing.

import type { Context } from "hono";
import { networkOf } from "./addresses.ts";
import type { Env } from "./context.ts";
import type { Limiter, Refusal } from "./limiter.ts";
import { settingsFrom } from "./settings.ts";

const LIMITS = {
  /** Failures of one account from one address. */
  "sign-in by account and address": { most: 5, seconds: 60 },
  /**
   * Failures of one account, whatever the address: twice what one address can use up in that time.
   * One address alone can't keep the owner from signing in. Several can, for as long as they go on;
   * sessions that are there are not affected.
   */
  "sign-in by account": { most: 100, seconds: 600 },
  /** Failures of one device, whatever accounts it tries. */
  "sign-in by device": { most: 20, seconds: 60 },
  /** Renewals of one session. */
  "refresh by session": { most: 10, seconds: 60 },
  /** Wrong codes of one account. Of a million codes, three are right at any time. */
  "code by account": { most: 5, seconds: 300 },
} as const;

export type Limit = keyof typeof LIMITS;

/** An attempt that was counted. `giveBack` takes it out of the count when it succeeds. */
export interface Place {
  refusal: Refusal | null;
  giveBack(): Promise<void>;
}

export async function take(
  c: Context<Env>,
  limit: Limit,
  ...key: readonly string[]
): Promise<Place> {
  if (!settingsFrom(c.env).rateLimits) return { refusal: null, giveBack: async () => undefined };
  const counter = counterOf(c.env.LIMITS, [limit, c.var.tenant.id, ...key]);
  const { most, seconds } = LIMITS[limit];
  return { refusal: await counter.take(most, seconds), giveBack: () => counter.giveBack() };
}

export function refuseForNow(c: Context<Env>, { retryAfter }: Refusal): Response {
  return c.json({ error: "rate_limited" }, 429, { "Retry-After": String(retryAfter) });
}

/**
 * The network that the call comes from. Cloudflare sets the header and removes what a caller wrote
 * into it; elsewhere your own proxy has to.
 */
export function addressOf(c: Context<Env>): string {
  return networkOf(c.req.header("CF-Connecting-IP") ?? "");
}

/**
 * Tells devices of one address apart before a sign-in. A caller can change it at will, so it is
 * never the only key.
 */
export function fingerprintOf(c: Context<Env>): string {
  return JSON.stringify([
    addressOf(c),
    c.req.header("User-Agent") ?? "",
    c.req.header("Accept-Language") ?? "",
  ]);
}

function counterOf(
  limits: DurableObjectNamespace<Limiter>,
  key: readonly string[],
): DurableObjectStub<Limiter> {
  return limits.get(limits.idFromName(JSON.stringify(key)));
}
