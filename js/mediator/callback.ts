// `GET callback`: ends a sign-in. The transaction is found by the state and opened, its cookie goes
// whatever follows, and nothing is sent to the provider before the answer is known to be its own
// (RFC 9207).

import { VerifyError } from "../edge/request/error.js";
import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import { EndpointFailure } from "../oauth/ask.js";
import { redirect } from "./answers.js";
import { cookie, cookiesOf } from "./cookies.js";
import { failed, NotSignedIn } from "./failed.js";
import { keptAddress, marked } from "./return-to.js";
import type { Held, Tokens } from "./sessions.js";
import type { Live } from "./setup.js";
import { TRANSACTION_SECONDS, type Transaction } from "./sign-in.js";

/** Seconds of slack on `auth_time`. */
const SLACK = 30;

export async function callback(
  request: Request,
  live: Live,
  context: ExecutionContextLike | null,
): Promise<Response> {
  const { settings, provider, places, report, sealing, sessions } = live;
  const answer = new URL(request.url).searchParams;
  const sent = cookiesOf(request);
  const state = answer.get("state") ?? "";
  const end = `-${state.slice(0, 8)}`;
  const [name, sealed = ""] =
    sent.find(([name]) => name.startsWith(places.transaction.name) && name.endsWith(end)) ?? [];
  const gone = name === undefined ? [] : [cookie({ ...places.transaction, name })];
  const transaction = await sealing.open<Transaction>(sealed, "transaction");
  const age = settings.clock() - (transaction?.begunAt ?? 0);
  if (transaction?.state !== state || age >= TRANSACTION_SECONDS * 1000) {
    const root = keptAddress(null, settings.apps);
    return failed(new NotSignedIn("expired"), root, report, null, gone);
  }
  const returnTo = keptAddress(transaction.returnTo, settings.apps);
  let subject: string | null = null;
  try {
    const tokens = await provider.exchange(answer, transaction);
    const claims = await provider.idTokenClaims(tokens.idToken ?? "");
    subject = claims.sub ?? "";
    const held = await admitted(tokens, claims, transaction, live);
    if (held === null) {
      const revoked = provider.revoke(tokens.refreshToken, {});
      context?.waitUntil(revoked);
      throw new NotSignedIn("not_admitted");
    }
    const { key, cookies } = await sessions.begin(held, sent, transaction.replaces);
    report("sign-in", { key, subject });
    return redirect(marked(returnTo, "in"), [...gone, ...cookies]);
  } catch (error) {
    return failed(notSignedIn(error), returnTo, report, subject, gone);
  }
}

/** The session, if the sign-in is what was asked for; null where the application refuses it. */
async function admitted(
  tokens: Tokens,
  claims: Claims,
  { acr, maxAge }: Transaction,
  { settings, provider }: Live,
): Promise<Held | null> {
  const { sub: subject = "", sid, acr: reached, auth_time: at } = claims;
  const { admit, claims: told, userInfo: asksMore } = settings;
  const now = settings.clock();
  const isNew = typeof at === "number" && at + (maxAge ?? 0) + SLACK >= now / 1000;
  if ((acr.length > 0 && !acr.includes(String(reached))) || (maxAge !== null && !isNew))
    throw new NotSignedIn("step_up_failed");
  const has = (from: object) => (name: string) => Object.hasOwn(from, name);
  const userInfo =
    asksMore && !told.every(has(claims))
      ? await provider.userInfo(tokens.accessToken, subject)
      : null;
  try {
    // Only true is a yes.
    if (admit !== undefined && (await admit({ claims, userInfo })) !== true) return null;
  } catch {
    return null;
  }
  const known = { ...userInfo, ...claims } as Claims;
  return {
    ...tokens,
    subject,
    sid: typeof sid === "string" ? sid : null,
    claims: Object.fromEntries(told.filter(has(known)).map((name) => [name, known[name]])),
    startedAt: now,
  };
}

/** What a page is told of an error. */
function notSignedIn(error: unknown): NotSignedIn {
  if (error instanceof NotSignedIn) return error;
  if (error instanceof VerifyError && error.category === "config")
    return new NotSignedIn("misconfigured");
  if (error instanceof VerifyError && error.status !== 503)
    return new NotSignedIn("provider_error");
  if (!(error instanceof EndpointFailure)) return new NotSignedIn("provider_unavailable");
  const { kind, error: code } = error;
  if (kind === "unavailable" || kind === "timeout")
    return new NotSignedIn("provider_unavailable", error);
  const isOurs = kind === "misconfigured" || code === "invalid_client";
  return new NotSignedIn(isOurs ? "misconfigured" : "provider_error", error);
}
