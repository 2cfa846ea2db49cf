// The demo's controls, around the authority and apart from it: they shorten tokens, make the refresh endpoint fail for a
// while, and count. Mounted only where the binding DEMO is "on". Not for copying: the counts live in one isolate's memory.

import { type Context, Hono } from "hono";
import { authority } from "./app.ts";
import { allowTheApp, isForeign } from "./callers.ts";
import type { AuthorityBindings } from "./settings.ts";

type Env = { Bindings: AuthorityBindings };

const LONGEST_SECONDS = 24 * 60 * 60;

let accessTokenSeconds: number | undefined;
let refreshOutageEndsAt = 0;

let signIns = 0;
let refreshCalls = 0;
let refreshSuccesses = 0;
let refreshCallsInFlight = 0;
let mostRefreshCallsInFlight = 0;

export const demo = new Hono<Env>();

demo.use("/demo/*", allowTheApp);

demo.post("/demo/settings", async (c) => {
  if (isForeign(c)) return c.json({ error: "origin_not_allowed" }, 403);
  const wanted: unknown = await c.req.json().catch(() => null);
  if (!isSettings(wanted)) return c.json({ error: "invalid_request" }, 400);
  accessTokenSeconds = wanted.accessTokenSeconds ?? accessTokenSeconds;
  if (wanted.refreshOutageSeconds !== undefined) refreshOutageEndsAt = Date.now() + wanted.refreshOutageSeconds * 1000;
  return c.json({ accessTokenSeconds: accessTokenSeconds ?? null, refreshOutageSeconds: outageSecondsLeft() });
});

demo.get("/demo/stats", async (c) => {
  const row = await c.env.DB.prepare("SELECT count(*) AS alarms FROM families WHERE revoked_by = 'reuse'").first<{ alarms: number }>();
  c.header("Cache-Control", "no-store");
  return c.json({ signIns, refreshCalls, refreshSuccesses, mostRefreshCallsInFlight, reuseAlarms: row?.alarms ?? 0 });
});

demo.post("/session/sign-in", async (c) => {
  const answer = await passOn(c);
  if (answer.ok) signIns += 1;
  return answer;
});

demo.post("/session/refresh", async (c) => {
  refreshCalls += 1;
  refreshCallsInFlight += 1;
  mostRefreshCallsInFlight = Math.max(mostRefreshCallsInFlight, refreshCallsInFlight);
  try {
    if (outageSecondsLeft() > 0) return await refuseInOutage(c);
    const answer = await passOn(c);
    if (answer.ok) refreshSuccesses += 1;
    return answer;
  } finally {
    refreshCallsInFlight -= 1;
  }
});

demo.all("*", passOn);

async function passOn(c: Context<Env>): Promise<Response> {
  const bindings = accessTokenSeconds === undefined ? c.env : { ...c.env, ACCESS_TOKEN_SECONDS: String(accessTokenSeconds) };
  return authority.fetch(c.req.raw, bindings, c.executionCtx);
}

/** A failure that the page can read, as an authority in trouble would send it: the CORS headers are those of any answer. */
async function refuseInOutage(c: Context<Env>): Promise<Response> {
  await allowTheApp(c, async () => {
    c.res = c.json({ error: "temporarily_unavailable" }, 503, { "Cache-Control": "no-store" });
  });
  return c.res;
}

function outageSecondsLeft(): number {
  return Math.max(0, Math.ceil((refreshOutageEndsAt - Date.now()) / 1000));
}

function isSettings(value: unknown): value is { accessTokenSeconds?: number; refreshOutageSeconds?: number } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { accessTokenSeconds, refreshOutageSeconds } = value as Record<string, unknown>;
  return isSeconds(accessTokenSeconds, 1) && isSeconds(refreshOutageSeconds, 0);
}

function isSeconds(value: unknown, least: number): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= LONGEST_SECONDS);
}
