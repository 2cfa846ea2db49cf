// `GET callback`: ends a sign-in. The transaction is found by the state and opened, its cookie goes
// whatever follows, and nothing is sent to the provider before the answer is known to be its own
// (RFC 9207).

import type { AuthorizationServer } from "oauth4webapi";
import { keepAlive } from "../edge/keys/scope.js";
import type { Claims, ExecutionContextLike } from "../edge/result/verified.js";
import { oauth } from "../oauth/library.js";
import { redirect } from "./answers.js";
import { cookiesOf } from "./cookies.js";
import { failed, NotSignedIn } from "./failed.js";
import { marked, returnAddress } from "./return-to.js";
import type { Held, Tokens } from "./sessions.js";
import type { Live } from "./setup.js";
import { TRANSACTION_SECONDS, type Transaction, transactionsIn } from "./sign-in.js";
import type { SignInErrorCode } from "./sign-in-error.js";

/** Seconds of slack on `auth_time`. */
const SLACK = 30;

/** What the errors of an authorization answer mean to a page. */
const ERRORS: readonly (readonly [errors: RegExp, code: SignInErrorCode])[] = [
  [/^access_denied$/, "cancelled"],
  [/^(interaction|login|consent|account_selection)_required$/, "interaction_required"],
  [/^unmet_authentication_requirements$/, "step_up_failed"],
  [/^(server_error|temporarily_unavailable)$/, "provider_unavailable"],
  [/^(unauthorized_client|invalid_scope|invalid_target)$/, "misconfigured"],
];

export async function callback(
  request: Request,
  live: Live,
  context: ExecutionContextLike | null,
): Promise<Response> {
  const { provider, cookies, report, sealing, sessions } = live;
  const answer = new URL(request.url).searchParams;
  const sent = cookiesOf(request);
  const state = answer.get("state") ?? "";
  const own = transactionsIn(sent, cookies).find(
    ({ name }) => name.slice(-8) === state.slice(0, 8),
  );
  const gone = own === undefined ? [] : [own.set()];
  const transaction = await sealing.open<Transaction>(own?.in(sent) ?? "", "transaction");
  const returnTo = returnAddress(transaction?.returnTo ?? null, live.apps);
  let subject: string | null = null;
  try {
    const now = live.clock();
    if (transaction?.state !== state || now - transaction.begunAt >= TRANSACTION_SECONDS * 1000)
      throw new NotSignedIn("expired");
    const code = codeIn(answer, state, await provider.metadata(), live);
    const tokens = await provider.exchange(code, transaction.verifier);
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
    report("sign-in", { key: begun.key, subject });
    return redirect(marked(returnTo, "in"), [...gone, ...begun.cookies]);
  } catch (error) {
    return failed(error, returnTo, { subject }, live, gone);
  }
}

/**
 * The code in an answer that is the provider's, to this sign-in.
 *
 * @throws {NotSignedIn}
 */
function codeIn(
  answer: URLSearchParams,
  state: string,
  server: AuthorizationServer,
  { client }: Live,
): URLSearchParams {
  try {
    const code = oauth.validateAuthResponse(server, client, answer, state);
    // Anybody can make an answer with no code, or with two. The library looks at it later.
    const [one, ...others] = answer.getAll("code");
    if (one && others.length === 0) return code;
    throw new Error();
  } catch (thrown) {
    const { error } = Object(thrown);
    const [, meaning] = ERRORS.find(([errors]) => errors.test(error)) ?? [];
    throw new NotSignedIn(meaning ?? "provider_error");
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
  const { admit, claims: told, userInfo: asksMore } = live;
  const now = live.clock();
  const age = now / 1000 - Number(at) - SLACK;
  if ((acr.length > 0 && !acr.includes(String(reached))) || (maxAge !== null && !(age <= maxAge)))
    throw new NotSignedIn("step_up_failed");
  const has = (from: object) => (name: string) => Object.hasOwn(from, name);
  const userInfo =
    asksMore && !told.every(has(claims))
      ? await live.provider.userInfo(tokens.accessToken, subject)
      : null;
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
