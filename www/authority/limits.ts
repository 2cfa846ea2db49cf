// What is limited, to how much, and by which keys. None goes by the address alone: many people can
// be behind one, and one attacker behind many. A limit counts attempts before they are made, so
// that a burst of parallel guesses gets no more of them than a slow one.

import type { Context } from "hono";
import { networkOf } from "./addresses.ts";
import type { Env } from "./context.ts";
import type { Limiter, Refusal } from "./limiter.ts";
import { settingsFrom } from "./settings.ts";

const LIMITS = {
  /** Failures of one account from one address. */
  "sign-in by account and address": { most: 5, seconds: 60 },
  /**
   * Failures of one account, whatever the address: who has many networks gets twice the guesses of
   * who has one. More than one address can use up in that time, so that it takes several to hold up
   * an account's sign-ins; its sessions go on meanwhile.
   */
  "sign-in by account": { most: 100, seconds: 600 },
  /** Failures of one device, whatever accounts it tries. */
  "sign-in by device": { most: 20, seconds: 60 },
  /** Renewals of one session. */
  "refresh by session": { most: 10, seconds: 60 },
  /**
   * Wrong codes of one account: five tries in five minutes at a million codes, three of which are
   * right at a time.
   */
  "code by account": { most: 5, seconds: 300 },
} as const;

export type Limit = keyof typeof LIMITS;

/** A place in a count; `giveBack` when the attempt turned out well. */
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
 * What tells devices behind one address apart before anybody has signed in. Easy to change, hence
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
