// The demo's controls. They wrap the authority. They change lifetimes, make refreshes fail or lose
// their replies, replay a used token as a thief would, and count. They are mounted only where the
// binding DEMO is "on". Leave them out of a copy: their state is in the memory of one isolate.

import { type Context, Hono } from "hono";
import { decodeJwt } from "jose";
import { authority } from "./app.ts";
import { readText } from "./bodies.ts";
import { allowTheApp, isForeign } from "./callers.ts";
import { type Env, findTenant } from "./context.ts";
import { REFRESH_COOKIE } from "./cookies.ts";
import { readWish, type Wish } from "./demo/wishes.ts";
import type { AuthorityBindings } from "./settings.ts";

const SIGN_IN = ["/session/sign-in", "/tenants/:tenant/session/sign-in"];
const REFRESH = ["/session/refresh", "/tenants/:tenant/session/refresh"];
const REPLAY = ["/demo/replay", "/tenants/:tenant/demo/replay"];

let wish: Wish = {};
let refreshOutageEndsAt = 0;
let longestToken = 15 * 60;

const counts = {
  signIns: 0,
  refreshCalls: 0,
  refreshSuccesses: 0,
  mostRefreshCallsInFlight: 0,
  graceReplays: 0,
  rateLimited: 0,
};
let refreshCallsInFlight = 0;

/** The last rotation of each session: the used token and its successor. */
const rotations = new Map<string, { used: string; given: string; issuer: string }>();
const MOST_ROTATIONS = 1000;

export const demo = new Hono<Env>();

demo.use("/demo/*", allowTheApp);
demo.use("/tenants/:tenant/demo/*", allowTheApp);

demo.post("/demo/settings", async (c) => {
  if (isForeign(c)) return c.json({ error: "origin_not_allowed" }, 403);
  const wanted = readWish(await c.req.json().catch(() => null));
  if (wanted === null) return c.json({ error: "invalid_request" }, 400);
  wish = { ...wish, ...wanted };
  longestToken = Math.max(longestToken, wish.accessTokenSeconds ?? 0);
  if (wanted.refreshOutageSeconds !== undefined)
    refreshOutageEndsAt = Date.now() + wanted.refreshOutageSeconds * 1000;
  const {
    accessTokenSeconds = null,
    graceSeconds = null,
    lostReplies = 0,
    rateLimits = c.env.RATE_LIMITS ?? "on",
  } = wish;
  return c.json({
    accessTokenSeconds,
    refreshOutageSeconds: outageSecondsLeft(),
    graceSeconds,
    lostReplies,
    rateLimits,
  });
});

demo.get("/demo/stats", async (c) => {
  const row = await c.env.DB.prepare(
    `SELECT count(*) FILTER (WHERE event = 'refresh.reused') AS reuseAlarms,
            count(*) FILTER (WHERE severity <> 'low') AS alerts
       FROM audit_log`,
  ).first<{ reuseAlarms: number; alerts: number }>();
  c.header("Cache-Control", "no-store");
  return c.json({ ...counts, ...row });
});

demo.on("POST", SIGN_IN, async (c) => {
  const answer = await passOn(c);
  if (answer.ok) counts.signIns += 1;
  return answer;
});

demo.on("POST", REFRESH, async (c) => {
  counts.refreshCalls += 1;
  refreshCallsInFlight += 1;
  counts.mostRefreshCallsInFlight = Math.max(counts.mostRefreshCallsInFlight, refreshCallsInFlight);
  try {
    if (outageSecondsLeft() > 0) return await refuse(c);
    const answer = await passOn(c);
    if (answer.ok) {
      counts.refreshSuccesses += 1;
      await remember(c.req.raw, answer);
    }
    if (!wish.lostReplies) return answer;
    wish.lostReplies -= 1;
    return await refuse(c);
  } finally {
    refreshCallsInFlight -= 1;
  }
});

/**
 * Presents a used token again, as a thief with a copy would. `{"session": sid}` names the session;
 * without it, the last session to renew is taken. The answer says how the authority answered.
 */
demo.on("POST", REPLAY, findTenant, async (c) => {
  if (isForeign(c)) return c.json({ error: "origin_not_allowed" }, 403);
  const sid = await readText(c.req.raw, "session");
  const { issuer, base } = c.var.tenant;
  const known = [...rotations]
    .filter(([id, rotation]) => rotation.issuer === issuer && (sid === null || id === sid))
    .at(-1);
  if (known === undefined) return c.json({ error: "not_found" }, 404);
  const headers = {
    Cookie: `${REFRESH_COOKIE}=${known[1].used}`,
    "X-Requested-With": "XMLHttpRequest",
  };
  const refresh = new Request(new URL(`${base}/session/refresh`, c.req.url), {
    method: "POST",
    headers,
  });
  const answer = await authority.fetch(refresh, bindingsOf(c), c.executionCtx);
  const { error } = (await answer.json()) as { error?: string };
  return c.json({ status: answer.status, ...(error === undefined ? {} : { error }) }, 200, {
    "Cache-Control": "no-store",
  });
});

demo.all("*", passOn);

async function passOn(c: Context<Env>): Promise<Response> {
  const answer = await authority.fetch(c.req.raw, bindingsOf(c), c.executionCtx);
  if (answer.status === 429) counts.rateLimited += 1;
  return answer;
}

/** The Worker's bindings, with the wishes in place of the settings. */
function bindingsOf({ env }: Context<Env>): AuthorityBindings {
  const { accessTokenSeconds, graceSeconds, rateLimits } = wish;
  return {
    ...env,
    ...(accessTokenSeconds === undefined
      ? {}
      : { ACCESS_TOKEN_SECONDS: String(accessTokenSeconds) }),
    ...(graceSeconds === undefined ? {} : { GRACE_SECONDS: String(graceSeconds) }),
    ...(rateLimits === undefined ? {} : { RATE_LIMITS: rateLimits }),
    KEY_OVERLAP_SECONDS: env.KEY_OVERLAP_SECONDS ?? String(longestToken + 60),
  };
}

async function remember(request: Request, answer: Response): Promise<void> {
  const { access_token: token } = (await answer.clone().json()) as { access_token: string };
  const { sid, iss: issuer } = decodeJwt<{ sid: string }>(token);
  const used = refreshTokenIn(request.headers.get("Cookie"));
  const given = refreshTokenIn(answer.headers.getSetCookie()[0]);
  if (used === null || given === null || issuer === undefined) return;
  if (rotations.get(sid)?.given === given) counts.graceReplays += 1;
  rotations.delete(sid);
  rotations.set(sid, { used, given, issuer });
  const oldest = rotations.keys().next();
  if (rotations.size > MOST_ROTATIONS && !oldest.done) rotations.delete(oldest.value);
}

function refreshTokenIn(cookies: string | null | undefined): string | null {
  return new RegExp(`(?:^|; ?)${REFRESH_COOKIE}=([\\w-]{43})`).exec(cookies ?? "")?.[1] ?? null;
}

/** A failure of the authority. The usual CORS headers let the page read it. */
async function refuse(c: Context<Env>): Promise<Response> {
  await allowTheApp(c, async () => {
    c.res = c.json({ error: "temporarily_unavailable" }, 503, { "Cache-Control": "no-store" });
  });
  return c.res;
}

function outageSecondsLeft(): number {
  return Math.max(0, Math.ceil((refreshOutageEndsAt - Date.now()) / 1000));
}
