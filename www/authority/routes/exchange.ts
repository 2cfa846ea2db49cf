// Token exchange (RFC 8693): a service hands in the token of the user whose request it serves, and
// gets one for another API. The user stays the subject, `act` names the service, and the new token
// is narrower in audience, scope and time. Nothing else is granted here.

import { type Context, Hono } from "hono";
import { createLocalJWKSet, jwtVerify } from "jose";
import { mayAct, type Verified, VerifyError } from "tokenkeep/edge";
import { signAccessToken } from "../access-tokens.ts";
import { type Env, sceneOf } from "../context.ts";
import { note } from "../detection.ts";
import { signingKey } from "../key-ring.ts";
import { verifierIn } from "../operator-guard.ts";
import { type Service, servicesOf } from "../services.ts";
import { isLiving } from "../sessions.ts";
import { secondsNow } from "../settings.ts";
import { ALGORITHMS } from "../signing-keys.ts";

const LIFETIME_SECONDS = 120;
/** The longest life of an assertion. */
const ASSERTION_SECONDS = 300;

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const JWT = "urn:ietf:params:oauth:token-type:jwt";

/** An answer of RFC 6749 section 5.2. */
class Refusal extends Error {
  constructor(
    readonly error: string,
    readonly status: 400 | 401 = 400,
  ) {
    super(error);
  }
}

export const exchange = new Hono<Env>();

exchange.onError((thrown, c) => {
  if (thrown instanceof Refusal) return c.json({ error: thrown.error }, thrown.status);
  throw thrown;
});

exchange.post("/", async (c) => {
  const form = await formOf(c.req.raw);
  if (form.get("grant_type") !== GRANT) throw new Refusal("unsupported_grant_type");
  const service = await serviceBehind(c, form);
  const audience = audienceOf(form, service);
  const scope = scopeOf(form, service.targets[audience] ?? []);
  const subject = await subjectOf(c, form, service);

  const now = secondsNow();
  const { sub = "", sid, exp = 0, act } = subject.claims;
  const expiresIn = Math.min(LIFETIME_SECONDS, exp - now);
  const key = await signingKey(c.env, c.var.tenant, now);
  // First the record: nobody acts without one.
  const detail = `${service.id} for ${audience}`;
  await note(sceneOf(c), "exchanged", { user: sub, session: String(sid), detail });
  const { issuer } = c.var.tenant;
  const about = { issuer, audience, subject: sub, now, expiresIn };
  const token = await signAccessToken(c.env, key, about, {
    client_id: service.id,
    sid,
    ...(scope === "" ? {} : { scope }),
    // Section 4.1: who acted before is in the claim of who acts now.
    act: { sub: service.id, ...(act === undefined ? {} : { act }) },
  });
  return c.json({
    access_token: token,
    issued_token_type: ACCESS_TOKEN,
    token_type: "Bearer",
    expires_in: expiresIn,
    ...(scope === "" ? {} : { scope }),
  });
});

async function formOf(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") throw new Refusal("invalid_request");
  const form = new URLSearchParams(await request.text());
  // RFC 6749 section 3.2. One audience a token: `audience` may come once here too.
  const names = [...form.keys()];
  if (new Set(names).size !== names.length) throw new Refusal("invalid_request");
  return form;
}

/** The service that proves who it is by `private_key_jwt` (RFC 7523, RFC 10070). */
async function serviceBehind(c: Context<Env>, form: URLSearchParams): Promise<Service> {
  const service = servicesOf(c.env).find(({ id }) => id === form.get("client_id"));
  const assertion = form.get("client_assertion");
  if (
    service === undefined ||
    assertion === null ||
    form.get("client_assertion_type") !== ASSERTION
  )
    throw new Refusal("invalid_client", 401);
  const { issuer } = c.var.tenant;
  const now = secondsNow();
  const payload = await jwtVerify(assertion, createLocalJWKSet(service.jwks), {
    issuer: service.id,
    subject: service.id,
    audience: issuer,
    algorithms: [...ALGORITHMS],
    typ: "client-authentication+jwt",
    requiredClaims: ["exp", "jti"],
  }).then(
    (verified) => verified.payload,
    () => null,
  );
  const { aud, exp = 0, jti = "" } = payload ?? {};
  // The issuer and nobody else: another server must not be able to hand the assertion on.
  const isGood = aud === issuer && exp <= now + ASSERTION_SECONDS && jti.length <= 128;
  if (!isGood || !(await isFirstUse(c.env.DB, service.id, jti, exp, now)))
    throw new Refusal("invalid_client", 401);
  return service;
}

async function isFirstUse(
  db: D1Database,
  clientId: string,
  jti: string,
  exp: number,
  now: number,
): Promise<boolean> {
  const [, inserted] = await db.batch([
    db.prepare("DELETE FROM used_assertions WHERE expires_at < ?").bind(now),
    db
      .prepare(
        `INSERT INTO used_assertions (client_id, jti, expires_at) VALUES (?, ?, ?)
           ON CONFLICT DO NOTHING`,
      )
      .bind(clientId, jti, exp),
  ]);
  return (inserted?.meta.changes ?? 0) > 0;
}

/** What the table lets the service ask for. */
function audienceOf(form: URLSearchParams, { targets }: Service): string {
  const audience = form.get("audience") ?? "";
  if (form.has("resource") || !Object.hasOwn(targets, audience))
    throw new Refusal("invalid_target");
  const wanted = form.get("requested_token_type") ?? ACCESS_TOKEN;
  // Who acts is told by the client's authentication.
  if ((wanted !== ACCESS_TOKEN && wanted !== JWT) || form.has("actor_token"))
    throw new Refusal("invalid_request");
  return audience;
}

function scopeOf(form: URLSearchParams, allowed: readonly string[]): string {
  const scopes = (form.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
  if (scopes.some((scope) => !allowed.includes(scope))) throw new Refusal("invalid_scope");
  return scopes.join(" ");
}

/** The user's token. It is for this service, names it in `may_act`, and its session lives. */
async function subjectOf(
  c: Context<Env>,
  form: URLSearchParams,
  service: Service,
): Promise<Verified> {
  const type = form.get("subject_token_type");
  const token = form.get("subject_token");
  if (token === null || (type !== ACCESS_TOKEN && type !== JWT))
    throw new Refusal("invalid_request");
  const { tenant } = c.var;
  const subject = await verifierIn(c.env)
    .verify(token, c.executionCtx)
    .catch((error: unknown) => {
      if (error instanceof VerifyError && error.status < 500) throw new Refusal("invalid_grant");
      throw error;
    });
  const { claims, actors = [] } = subject;
  const isOurs = subject.tenant === tenant.id && service.audience === tenant.audience;
  if (!isOurs || !mayAct(subject, { subject: service.id })) throw new Refusal("invalid_grant");
  // The session is that of whoever acts already, an operator say.
  const accountId = actors[0]?.subject ?? claims.sub ?? "";
  const session = { tenantId: tenant.id, id: String(claims["sid"]), accountId, now: secondsNow() };
  if (!(await isLiving(c.env.DB, session))) throw new Refusal("invalid_grant");
  return subject;
}
