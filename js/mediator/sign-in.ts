// `GET sign-in`: begins the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636).
// Everything that the callback has to know travels in a cookie of its own, sealed, so that any
// number of tabs sign in at once.

import { digestOf, randomText } from "../shared/sealing.js";
import { redirect } from "./answers.js";
import { cookiesOf, type Sent } from "./cookies.js";
import { failed } from "./failed.js";
import { returnAddress } from "./return-to.js";
import type { Live, Setup } from "./setup.js";

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
  ["acr_values", /^[!-~]+( [!-~]+)*$/],
  ["max_age", /^\d{1,9}$/],
  ["ui_locales", /^[\w-]+( [\w-]+)*$/],
];
const LONGEST = 512;

/** The cookies of the sign-ins under way, the oldest first. */
export function transactionsIn(sent: Sent, { transaction }: Setup["cookies"]) {
  const { name: prefix } = transaction("");
  const endings = sent.flatMap(([name]) =>
    name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
  );
  return endings.sort().map(transaction);
}

export async function signIn(request: Request, live: Live): Promise<Response> {
  const { client, url, scope, resource, parameters, cookies, sealing, sessions } = live;
  const query = new URL(request.url).searchParams;
  const returnTo = returnAddress(query.get("return_to"), live.apps);
  const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
  const wanted = new URLSearchParams([
    ...parameters,
    ...resource.map((one) => ["resource", one]),
    ["client_id", client.client_id],
    ["redirect_uri", `${url}callback`],
    ["response_type", "code"],
    ["scope", scope],
    ["state", state],
    ["nonce", nonce],
    ["code_challenge", await digestOf(verifier)],
    ["code_challenge_method", "S256"],
  ] as [string, string][]);
  for (const [name, form] of ASKED) {
    const value = query.get(name) ?? "";
    if (value.length <= LONGEST && form.test(value)) wanted.set(name, value);
  }
  const sent = cookiesOf(request);
  const now = live.clock();
  const maxAge = wanted.get("max_age");
  const transaction: Transaction = {
    state,
    nonce,
    verifier,
    returnTo: returnTo.href,
    begunAt: now,
    acr: wanted.get("acr_values")?.split(" ") ?? [],
    maxAge: maxAge === null ? null : Number(maxAge),
    replaces: await sessions.keyOf(sent),
  };
  try {
    const to = await live.provider.authorizationAddress(wanted);
    // The name begins with the second, so that the oldest is known without opening.
    const own = cookies.transaction(`${Math.floor(now / 1000)}-${state.slice(0, 8)}`);
    const tooMany = transactionsIn(sent, cookies).slice(0, 1 - MOST_TRANSACTIONS);
    return redirect(to, [
      own.set(await sealing.seal(transaction, "transaction"), TRANSACTION_SECONDS),
      ...tooMany.map((old) => old.set()),
    ]);
  } catch (failure) {
    return failed(failure, returnTo, { code: "provider_unavailable" }, live);
  }
}
