// `GET callback`: ends a sign-in. The transaction is found by the state and opened, its cookie goes
// whatever follows, and nothing is sent to the provider before the answer is known to be its own
// (RFC 9207).

import { keepAlive } from "../edge/keys/scope.js";
import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import { redirect } from "./answers.js";
import { exchange, userInfoOf } from "./authorization.js";
import { cookiesOf } from "./cookies.js";
import { failed, NotSignedIn } from "./failed.js";
import { marked, returnAddress } from "./return-to.js";
import type { Held, Tokens } from "./sessions.js";
import type { Live } from "./setup.js";
import { TRANSACTION_SECONDS, type Transaction, transactionsIn } from "./sign-in.js";

/** Seconds of slack on `auth_time`. */
const SLACK = 30;

export async function callback(
  request: Request,
  live: Live,
  context: ExecutionContextLike | null,
): Promise<Response> {
  const { settings, provider, cookies, report, sealing, sessions } = live;
  const answer = new URL(request.url).searchParams;
  const sent = cookiesOf(request);
  const state = answer.get("state") ?? "";
  const own = transactionsIn(sent, cookies).find(
    ({ name }) => name.slice(-8) === state.slice(0, 8),
  );
  const gone = own === undefined ? [] : [own.set()];
  const transaction = await sealing.open<Transaction>(own?.in(sent) ?? "", "transaction");
  const returnTo = returnAddress(transaction?.returnTo ?? null, settings.apps);
  let subject: string | null = null;
  try {
    const now = settings.clock();
    if (transaction?.state !== state || now - transaction.begunAt >= TRANSACTION_SECONDS * 1000)
      throw new NotSignedIn("expired");
    const tokens = await exchange(answer, transaction, live);
    const claims = await provider.claimsOf(tokens.idToken, transaction.nonce);
    subject = claims.sub ?? "";
    const held = await admitted(tokens, claims, transaction, live);
    if (held === null) {
      const revoked = provider.revoke(tokens.refreshToken, {});
      keepAlive(context, revoked);
      throw new NotSignedIn("not_admitted");
    }
    const begun = await sessions.begin(held, sent, transaction.replaces);
    if (typeof begun === "string") throw new NotSignedIn(begun);
    const beside = sessions.areCookies
      ? [await live.keepIdToken(held.idToken, settings.lifetime.absolute / 1000)]
      : [];
    report("sign-in", { key: begun.key, subject });
    return redirect(marked(returnTo, "in"), [...gone, ...begun.cookies, ...beside]);
  } catch (error) {
    return failed(error, returnTo, { subject }, live, gone);
  }
}

/** The session, if the sign-in is what was asked for; null where the application refuses it. */
async function admitted(
  tokens: Tokens,
  claims: Claims,
  { acr, maxAge }: Transaction,
  live: Live,
): Promise<Held | null> {
  const { sub: subject = "", sid, acr: reached, auth_time: at } = claims;
  const { admit, claims: told, clock, userInfo: asksMore } = live.settings;
  const now = clock();
  const age = now / 1000 - Number(at) - SLACK;
  if ((acr.length > 0 && !acr.includes(String(reached))) || (maxAge !== null && !(age <= maxAge)))
    throw new NotSignedIn("step_up_failed");
  const has = (from: object) => (name: string) => Object.hasOwn(from, name);
  const userInfo =
    asksMore && !told.every(has(claims)) ? await userInfoOf(tokens, subject, live) : null;
  try {
    // Only true is a yes.
    if ((await admit({ claims, userInfo })) !== true) return null;
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
