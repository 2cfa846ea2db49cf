// `GET sign-in`: begins the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636).
// Everything that the callback has to know travels in a cookie of its own, sealed, so that any
// number of tabs sign in at once.

import { calculatePKCECodeChallenge } from "oauth4webapi";
import { EndpointFailure } from "../oauth/ask.js";
import { randomText } from "../sealing.js";
import { redirect } from "./answers.js";
import { cookiesOf } from "./cookies.js";
import { failed } from "./failed.js";
import { returnAddress } from "./return-to.js";
import type { LiveSessions } from "./sessions.js";
import type { Setup } from "./setup.js";

/** A sign-in that is under way. */
export interface Transaction {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
  /** What the sign-in has to be: one of these, and no older than these seconds. */
  readonly acr: readonly string[];
  readonly maxAge: number | null;
  /** The key of the session that the browser has. */
  readonly replaces: string | null;
}

/** What a page may ask for, and how it looks. The rest is left out. */
const ASKED: readonly (readonly [name: string, form: RegExp])[] = [
  ["prompt", /^(login|select_account|consent|none)$/],
  ["login_hint", /^.{1,320}$/],
  ["acr_values", /^[\x21-\x7e]+( [\x21-\x7e]+){0,20}$/],
  ["max_age", /^\d{1,9}$/],
  ["ui_locales", /^[\w-]+( [\w-]+){0,20}$/],
];
const LONGEST = 512;

export async function signIn(
  request: Request,
  setup: Setup,
  sessions: LiveSessions,
): Promise<Response> {
  const { settings, provider, sealing, cookies } = setup;
  const query = new URL(request.url).searchParams;
  const returnTo = returnAddress(query.get("return_to"), settings.apps);
  const { scope, resource, parameters } = settings.provider;
  const wanted = new URLSearchParams(parameters);
  for (const [name, form] of ASKED) {
    const value = query.get(name);
    if (value !== null && value.length <= LONGEST && form.test(value)) wanted.set(name, value);
  }
  const sent = cookiesOf(request);
  const now = settings.clock();
  const transaction: Transaction = {
    state: randomText(),
    nonce: randomText(),
    verifier: randomText(),
    returnTo: returnTo.href,
    begunAt: now,
    acr: wanted.get("acr_values")?.split(" ") ?? [],
    maxAge: wanted.has("max_age") ? Number(wanted.get("max_age")) : null,
    replaces: await sessions.keyOf(sent),
  };
  for (const [name, value] of Object.entries({
    client_id: settings.client.id,
    redirect_uri: provider.redirectUri,
    response_type: "code",
    scope,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await calculatePKCECodeChallenge(transaction.verifier),
    code_challenge_method: "S256",
  }))
    wanted.set(name, value);
  for (const one of resource) wanted.append("resource", one);
  let to: URL;
  try {
    to = await provider.authorization(wanted);
  } catch (failure) {
    if (!(failure instanceof EndpointFailure)) throw failure;
    return failed("provider_unavailable", returnTo, setup, { failure });
  }
  const value = await sealing.seal(JSON.stringify(transaction), "transaction");
  return redirect(to, cookies.setTransaction(sent, transaction.state, value, now));
}
