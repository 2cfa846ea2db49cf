// The operator's routes: the audit log, the key ring, and ending all sessions of a user.

import { Hono } from "hono";
import { accountOf } from "../accounts.ts";
import { readRecords } from "../audit.ts";
import { readText } from "../bodies.ts";
import { sceneOf } from "../context.ts";
import { note } from "../detection.ts";
import { ringOf, rotateKeys } from "../key-ring.ts";
import { type OperatorEnv, requireOperator } from "../operator-guard.ts";
import { revokeUser } from "../revocation.ts";
import { secondsNow } from "../settings.ts";
import { isAlg } from "../signing-keys.ts";

const MOST_RECORDS = 200;

export const operator = new Hono<OperatorEnv>();
operator.use(requireOperator);

operator.get("/audit", async (c) => {
  const before = wholeNumber(c.req.query("before"), Number.MAX_SAFE_INTEGER);
  const limit = wholeNumber(c.req.query("limit"), 50);
  if (before === null || limit === null || limit < 1 || limit > MOST_RECORDS)
    return c.json({ error: "invalid_request" }, 400);
  return c.json({ records: await readRecords(c.env.DB, c.var.tenant, before, limit) });
});

operator.get("/keys", async (c) =>
  c.json({ keys: await ringOf(c.env, c.var.tenant, secondsNow()) }),
);

operator.post("/keys/rotate", async (c) => {
  const alg = await readText(c.req.raw, "alg");
  if (alg !== null && !isAlg(alg)) return c.json({ error: "invalid_request" }, 400);
  const active = await rotateKeys(c.env, c.var.tenant, secondsNow(), alg ?? undefined);
  await note(sceneOf(c), "keys.rotated", { user: c.var.auth.claims.sub ?? null, detail: active });
  return c.json({ active });
});

operator.post("/revoke-user", async (c) => {
  const user = await readText(c.req.raw, "user");
  if (user === null) return c.json({ error: "invalid_request" }, 400);
  // The log holds ids, and no text that somebody typed.
  if ((await accountOf(c.env.DB, c.var.tenant.id, user)) === null)
    return c.json({ error: "not_found" }, 404);
  await revokeUser(c.env, {
    tenant: c.var.tenant,
    accountId: user,
    by: "operator",
    now: secondsNow(),
  });
  await note(sceneOf(c), "user.revoked", { user, detail: `by ${c.var.auth.claims.sub}` });
  return c.body(null, 204);
});

function wholeNumber(text: string | undefined, fallback: number): number | null {
  if (text === undefined) return fallback;
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
