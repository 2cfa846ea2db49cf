// After a logout `GET end` leads to the provider's own sign-out page (OpenID Connect RP-Initiated
// Logout 1.0), and `GET ended` back to the application.

import { redirect } from "./answers.js";
import { cookiesOf } from "./cookies.js";
import { returnAddress } from "./return-to.js";
import type { Live } from "./setup.js";

export async function end(
  request: Request,
  { apps, client, url, provider, cookies, sealing }: Live,
): Promise<Response> {
  const returnTo = returnAddress(new URL(request.url).searchParams.get("return_to"), apps);
  const sent = cookiesOf(request);
  // It is "" for a session that the provider gave no `sid`.
  const sid = await sealing.open(cookies.end.in(sent), "end");
  if (sid === null) return redirect(returnTo);
  const gone = [cookies.end.set(), cookies.idToken.set()];
  const to = await provider.endpoint("end_session_endpoint").catch(() => null);
  if (to === null) return redirect(returnTo, gone);
  const idToken = await sealing.open(cookies.idToken.in(sent), "end", "id");
  const told = {
    ...(idToken
      ? { id_token_hint: idToken }
      : { client_id: client.client_id, ...(sid && { logout_hint: sid }) }),
    post_logout_redirect_uri: `${url}ended`,
    state: await sealing.seal(returnTo.href, "return"),
  };
  for (const [name, value] of Object.entries(told)) to.searchParams.set(name, value);
  return redirect(to, gone);
}

export async function ended(request: Request, { apps, sealing }: Live): Promise<Response> {
  const state = new URL(request.url).searchParams.get("state") ?? "";
  return redirect(returnAddress(await sealing.open(state, "return"), apps));
}
