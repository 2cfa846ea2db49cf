// `GET callback`: ends a sign-in. The transaction is found by the state and opened, its cookie goes
// whatever follows, and nothing is sent to the provider before the answer is known to be its own
// (RFC 9207).

import { AuthorizationResponseError, validateAuthResponse } from "oauth4webapi";
import { VerifyError } from "../edge/request/error.js";
import type { Claims } from "../edge/result/verified.js";
import { EndpointFailure } from "../oauth/ask.js";
import { redirect } from "./answers.js";
import { cookiesOf, TRANSACTION_SECONDS } from "./cookies.js";
import { failed } from "./failed.js";
import { keptAddress, marked } from "./return-to.js";
import { CannotBegin, type Held, type LiveSessions, type Tokens } from "./sessions.js";
import type { Setup } from "./setup.js";
import type { Transaction } from "./sign-in.js";
import type { SignInErrorCode } from "./sign-in-error.js";

/** Seconds of slack on `auth_time`. */
const SLACK = 30;

/** What the errors of an authorization answer mean to a page. */
const ERRORS: Readonly<Record<string, SignInErrorCode>> = {
  __proto__: null as never,
  access_denied: "cancelled",
  interaction_required: "interaction_required",
  login_required: "interaction_required",
  consent_required: "interaction_required",
  account_selection_required: "interaction_required",
  unmet_authentication_requirements: "step_up_failed",
  server_error: "provider_unavailable",
  temporarily_unavailable: "provider_unavailable",
  unauthorized_client: "misconfigured",
  invalid_scope: "misconfigured",
  invalid_target: "misconfigured",
};

/** The sign-in ends here, and with this code. */
class Refused extends Error {
  constructor(
    readonly code: SignInErrorCode,
    readonly failure?: EndpointFailure,
  ) {
    super(code);
  }
}

export async function callback(
  request: Request,
  setup: Setup,
  sessions: LiveSessions,
  revoke: (refreshToken: string | null) => void,
): Promise<Response> {
  const { settings, sealing, cookies, report } = setup;
  const answer = new URL(request.url).searchParams;
  const sent = cookiesOf(request);
  const state = answer.get("state") ?? "";
  const found = cookies.transaction(sent, state);
  const gone = found === null ? [] : [found.deleted];
  const text = found === null ? null : await sealing.open(found.value, "transaction");
  const transaction = text === null ? null : (JSON.parse(text) as Transaction);
  const now = settings.clock();
  if (
    transaction === null ||
    transaction.state !== state ||
    now - transaction.begunAt >= TRANSACTION_SECONDS * 1000
  )
    return failed("expired", keptAddress(null, settings.apps), setup, { cookies: gone });
  const returnTo = keptAddress(transaction.returnTo, settings.apps);
  let subject: string | null = null;
  try {
    const tokens = await exchange(answer, transaction, setup);
    const claims = await setup.provider.idTokenClaims(tokens.idToken ?? "");
    subject = claims.sub ?? "";
    const held = await admitted(tokens, claims, transaction, setup);
    if (held === null) {
      revoke(tokens.refreshToken);
      throw new Refused("not_admitted");
    }
    const begun = await sessions.begin(held, sent);
    // A Strict cookie comes along where the provider asked the user nothing.
    for (const old of new Set([transaction.replaces, await sessions.keyOf(sent)]))
      if (old !== null) await sessions.drop(old).catch(() => undefined);
    report("sign-in", { key: begun.key, subject });
    return redirect(marked(returnTo, "in"), [...gone, ...begun.cookies]);
  } catch (error) {
    const { code, failure } = refusalOf(error);
    return failed(code, returnTo, setup, {
      cookies: gone,
      subject,
      ...(failure === undefined ? {} : { failure }),
    });
  }
}

/** The tokens for the code of an answer that is the provider's, to this sign-in. */
async function exchange(
  answer: URLSearchParams,
  transaction: Transaction,
  { settings, provider }: Setup,
): Promise<Tokens> {
  const server = await provider.ready();
  const client = { client_id: settings.client.id };
  const code = checked(() => validateAuthResponse(server, client, answer, transaction.state));
  return provider.exchange(code, transaction);
}

/** The session, if the sign-in is what was asked for; null where the application refuses it. */
async function admitted(
  tokens: Tokens,
  claims: Claims,
  { acr, maxAge }: Transaction,
  { settings, provider }: Setup,
): Promise<Held | null> {
  const { sub: subject = "", sid, acr: reached, auth_time: at } = claims;
  const now = settings.clock();
  if (acr.length > 0 && !acr.includes(String(reached))) throw new Refused("step_up_failed");
  if (maxAge !== null && !(typeof at === "number" && at + maxAge + SLACK >= now / 1000))
    throw new Refused("step_up_failed");
  const asksMore =
    settings.userInfo && !settings.claims.every((name) => Object.hasOwn(claims, name));
  const userInfo = asksMore ? await provider.userInfo(tokens.accessToken, subject) : null;
  const { admit } = settings;
  if (admit !== undefined && !(await asked(() => admit({ claims, userInfo })))) return null;
  const told = { ...userInfo, ...claims } as Claims;
  return {
    ...tokens,
    subject,
    sid: typeof sid === "string" ? sid : null,
    claims: Object.fromEntries(
      settings.claims.filter((name) => Object.hasOwn(told, name)).map((name) => [name, told[name]]),
    ),
    startedAt: now,
  };
}

/** Only true is a yes. */
async function asked(admit: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return (await admit()) === true;
  } catch {
    return false;
  }
}

function checked(validate: () => URLSearchParams): URLSearchParams {
  try {
    return validate();
  } catch (error) {
    throw new Refused(
      (error instanceof AuthorizationResponseError ? ERRORS[error.error] : undefined) ??
        "provider_error",
    );
  }
}

/** What a page is told of an error. */
function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof CannotBegin) return new Refused(error.code);
  if (error instanceof VerifyError) {
    if (error.category === "config") return new Refused("misconfigured");
    return new Refused(error.status === 503 ? "provider_unavailable" : "provider_error");
  }
  if (!(error instanceof EndpointFailure)) return new Refused("provider_unavailable");
  const { kind, error: code } = error;
  if (kind === "unavailable" || kind === "timeout")
    return new Refused("provider_unavailable", error);
  const isOurs = kind === "misconfigured" || code === "invalid_client";
  return new Refused(isOurs ? "misconfigured" : "provider_error", error);
}
