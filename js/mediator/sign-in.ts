// `GET sign-in`: begins the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636).
// Everything that the callback has to know travels in a cookie of its own, sealed, so that any
// number of tabs sign in at once.

import { calculatePKCECodeChallenge } from "oauth4webapi";
import type { EndpointFailure } from "../oauth/ask.js";
import { randomText } from "../sealing.js";
import { redirect } from "./answers.js";
import { cookie, cookiesOf } from "./cookies.js";
import { failed, NotSignedIn } from "./failed.js";
import { returnAddress } from "./return-to.js";
import type { Live } from "./setup.js";

/** Seconds that a sign-in may take. */
export const TRANSACTION_SECONDS = 600;
/** Sign-ins that a browser may have under way. */
const MOST_TRANSACTIONS = 5;

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
  { settings, provider, places, report, sealing, sessions }: Live,
): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const returnTo = returnAddress(query.get("return_to"), settings.apps);
  const { scope, resource, parameters } = settings.provider;
  const wanted = new URLSearchParams(parameters as [string, string][]);
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
  const { state, nonce, verifier } = transaction;
  for (const [name, value] of Object.entries({
    client_id: settings.client.client_id,
    redirect_uri: provider.redirectUri,
    response_type: "code",
    scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }))
    wanted.set(name, value);
  for (const one of resource) wanted.append("resource", one);
  let to: URL;
  try {
    to = await provider.authorization(wanted);
  } catch (failure) {
    const error = new NotSignedIn("provider_unavailable", failure as EndpointFailure);
    return failed(error, returnTo, report);
  }
  // The name begins with the second, so that the oldest is known without opening.
  const { name: prefix } = places.transaction;
  const name = `${prefix}${Math.floor(now / 1000).toString(36)}-${state.slice(0, 8)}`;
  const second = (one: string) => Number.parseInt(one.slice(prefix.length), 36) || 0;
  const living = sent.flatMap(([one]) => (one.startsWith(prefix) ? [one] : []));
  living.sort((one, other) => second(other) - second(one));
  return redirect(to, [
    cookie(
      { ...places.transaction, name },
      await sealing.seal(transaction, "transaction"),
      TRANSACTION_SECONDS,
    ),
    ...living
      .slice(MOST_TRANSACTIONS - 1)
      .map((old) => cookie({ ...places.transaction, name: old })),
  ]);
}
