// An operator acts for a user. The token for it names both: `sub` is the user, `act` the operator
// (RFC 8693 section 4.1). It opens the API as far as the API's policies let somebody act, and opens
// nothing here. Nobody acts for an operator: that would hand the role on.

import { Hono } from "hono";
import { signAccessToken } from "../access-tokens.ts";
import { accountOf } from "../accounts.ts";
import { readText } from "../bodies.ts";
import { sceneOf } from "../context.ts";
import { note } from "../detection.ts";
import { signingKey } from "../key-ring.ts";
import { type OperatorEnv, requireOperator } from "../operator-guard.ts";
import { mayActFor } from "../services.ts";
import { secondsNow, settingsFrom } from "../settings.ts";

/** There is no renewal: an operator asks again. */
const LIFETIME_SECONDS = 300;

export const acting = new Hono<OperatorEnv>();

acting.post("/act-for", requireOperator, async (c) => {
  const id = await readText(c.req.raw, "user");
  if (id === null) return c.json({ error: "invalid_request" }, 400);
  const { tenant, auth } = c.var;
  const user = await accountOf(c.env.DB, tenant.id, id);
  if (user === null) return c.json({ error: "not_found" }, 404);
  if (user.roles.includes("operator")) return c.json({ error: "not_allowed" }, 403);

  const { sub: operator = "", sid, name, exp = 0 } = auth.claims;
  const now = secondsNow();
  const expiresIn = Math.min(LIFETIME_SECONDS, exp - now);
  const key = await signingKey(c.env, tenant, now);
  // First the record: nobody acts without one.
  await note(sceneOf(c), "acting.started", { user: user.id, detail: `by ${operator}` });
  // No `acr` and no `auth_time`: the user has not signed in. With the operator's `sid` the token
  // ends when the operator's session does.
  const { issuer, audience } = tenant;
  const about = { issuer, audience, subject: user.id, now, expiresIn };
  const token = await signAccessToken(c.env, key, about, {
    client_id: settingsFrom(c.env).clientId,
    sid,
    name: user.name,
    roles: user.roles,
    act: { sub: operator, name },
    ...mayActFor(c.env, tenant),
  });
  return c.json({ access_token: token, expires_in: expiresIn, token_type: "Bearer" });
});
