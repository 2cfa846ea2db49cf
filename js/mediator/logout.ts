// `POST logout`: ends the session here, and keeps for a minute what `GET end` tells the provider.

import { keepAlive } from "../edge/keys/scope.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { answer } from "./answers.js";
import { cookiesOf } from "./cookies.js";
import type { Live } from "./setup.js";

/** Seconds from a logout to `GET end`. */
const END_SECONDS = 60;

export async function logout(
  request: Request,
  { cookies, provider, report, sealing, sessions, keepIdToken }: Live,
  context: ExecutionContextLike | null,
): Promise<Response> {
  const { cookies: set, held, key } = await sessions.end(cookiesOf(request));
  if (held === null) return answer(204, set);
  const { subject, refreshToken, idToken, sid } = held;
  const about = { key, subject };
  report("ended", about);
  const revoked = provider.revoke(refreshToken, about);
  keepAlive(context, revoked);
  if (sessions.areCookies) await revoked;
  return answer(204, [
    ...set,
    cookies.end.set(await sealing.seal(sid ?? "", "end"), END_SECONDS),
    // That of a sealed session has been in this cookie since the sign-in.
    ...(sessions.areCookies ? [] : [await keepIdToken(idToken, END_SECONDS)]),
  ]);
}
