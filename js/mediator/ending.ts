// Logout: `POST logout` ends the session here, `GET end` leads to the provider's own sign-out page
// (OpenID Connect RP-Initiated Logout 1.0), and `GET ended` back to the application.

import type { ExecutionContextLike } from "../edge/result/verified.js";
import { answer, redirect } from "./answers.js";
import { cookiesOf } from "./cookies.js";
import { keptAddress, returnAddress } from "./return-to.js";
import type { Ended, LiveSessions } from "./sessions.js";
import type { Setup } from "./setup.js";

/** What `GET end` tells the provider. */
interface Farewell {
  readonly idToken: string | null;
  readonly sid: string | null;
}

export async function logout(
  request: Request,
  setup: Setup,
  sessions: LiveSessions,
  context: ExecutionContextLike | null,
  revoke: (ended: Ended) => Promise<void>,
): Promise<Response> {
  const { cookies, sealing, report } = setup;
  const ended = await sessions.end(cookiesOf(request));
  const { held, key } = ended;
  const set = [...ended.cookies];
  if (held !== null) {
    report("ended", { key, subject: held.subject });
    const revoked = revoke(ended);
    context?.waitUntil(revoked);
    if (ended.revokesFirst) await revoked;
    const { idToken, sid } = held;
    const tell = async (farewell: Farewell) =>
      cookies.setEnd(await sealing.seal(JSON.stringify(farewell), "end"));
    const end = (await tell({ idToken, sid })) ?? (await tell({ idToken: null, sid }));
    if (end !== null) set.push(end);
  }
  return answer(204, null, { cookies: set });
}

export async function end(request: Request, setup: Setup): Promise<Response> {
  const { cookies, sealing, provider, settings } = setup;
  const returnTo = returnAddress(new URL(request.url).searchParams.get("return_to"), settings.apps);
  const sent = cookiesOf(request);
  const sealed = cookies.end(sent);
  const text = sealed === null ? null : await sealing.open(sealed, "end");
  const to =
    text === null ? null : await provider.endpoint("end_session_endpoint").catch(() => null);
  if (text === null || to === null)
    return redirect(returnTo, sealed === null ? [] : [cookies.deleteEnd()]);
  const { sid, ...farewell } = JSON.parse(text) as Farewell;
  const beside = cookies.idToken(sent);
  const idToken =
    farewell.idToken ?? (beside === null ? null : await sealing.open(beside, "end", "id"));
  const told = {
    ...(idToken === null ? { client_id: settings.client.id } : { id_token_hint: idToken }),
    ...(idToken === null && sid !== null ? { logout_hint: sid } : {}),
    post_logout_redirect_uri: `${settings.url}/ended`,
    state: await sealing.seal(returnTo.href, "return"),
  };
  for (const [name, value] of Object.entries(told)) to.searchParams.set(name, value);
  return redirect(to, [cookies.deleteEnd(), ...(beside === null ? [] : cookies.deleteIdToken())]);
}

export async function ended(request: Request, setup: Setup): Promise<Response> {
  const state = new URL(request.url).searchParams.get("state") ?? "";
  return redirect(keptAddress(await setup.sealing.open(state, "return"), setup.settings.apps));
}
