// Logout: `POST logout` ends the session here, `GET end` leads to the provider's own sign-out page
// (OpenID Connect RP-Initiated Logout 1.0), and `GET ended` back to the application.

import type { ExecutionContextLike } from "../edge/result/verified.js";
import { answer, redirect } from "./answers.js";
import { cookie, cookieIn, cookiesOf, isKept } from "./cookies.js";
import { keptAddress, returnAddress } from "./return-to.js";
import type { Live } from "./setup.js";

/** Seconds from a logout to `GET end`. */
const END_SECONDS = 60;

/** What `GET end` tells the provider. */
interface Farewell {
  readonly idToken: string | null;
  readonly sid: string | null;
}

export async function logout(
  request: Request,
  { places, provider, report, sealing, sessions }: Live,
  context: ExecutionContextLike | null,
): Promise<Response> {
  const { cookies, held, key } = await sessions.end(cookiesOf(request));
  if (held === null) return answer(204, cookies);
  const { subject, refreshToken, idToken, sid } = held;
  report("ended", { key, subject });
  const revoked = provider.revoke(refreshToken, { key, subject });
  context?.waitUntil(revoked);
  if (sessions.revokesFirst) await revoked;
  let farewell = await sealing.seal({ idToken, sid } satisfies Farewell, "end");
  if (!isKept(places.end, farewell)) farewell = await sealing.seal({ idToken: null, sid }, "end");
  const isRoom = isKept(places.end, farewell);
  return answer(204, isRoom ? [...cookies, cookie(places.end, farewell, END_SECONDS)] : cookies);
}

export async function end(
  request: Request,
  { settings, provider, places, sealing }: Live,
): Promise<Response> {
  const returnTo = returnAddress(new URL(request.url).searchParams.get("return_to"), settings.apps);
  const sent = cookiesOf(request);
  const sealed = cookieIn(sent, places.end);
  const deleted = sealed === "" ? [] : [cookie(places.end)];
  const farewell = await sealing.open<Farewell>(sealed, "end");
  const to = farewell && (await provider.endpoint("end_session_endpoint").catch(() => null));
  if (farewell === null || to === null) return redirect(returnTo, deleted);
  const beside = cookieIn(sent, places.idToken);
  const { sid } = farewell;
  const idToken = farewell.idToken ?? (await sealing.open(beside, "end", "id"));
  const told = {
    ...(idToken === null ? { client_id: settings.client.client_id } : { id_token_hint: idToken }),
    ...(idToken === null && sid !== null ? { logout_hint: sid } : {}),
    post_logout_redirect_uri: `${settings.url}/ended`,
    state: await sealing.seal(returnTo.href, "return"),
  };
  for (const [name, value] of Object.entries(told)) to.searchParams.set(name, value);
  return redirect(to, beside === "" ? deleted : [...deleted, cookie(places.idToken)]);
}

export async function ended(request: Request, { settings, sealing }: Live): Promise<Response> {
  const state = new URL(request.url).searchParams.get("state") ?? "";
  return redirect(keptAddress(await sealing.open(state, "return"), settings.apps));
}
