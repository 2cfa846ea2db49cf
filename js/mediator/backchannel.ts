// `POST backchannel-logout`: the provider tells of a logout (OpenID Connect Back-Channel Logout
// 1.0). The receiver of `tokenkeep/logout` verifies the token and tells the revocations; here the
// sessions end.

import type { ExecutionContextLike } from "../edge/result/verified.js";
import { type LogoutToken, logoutReceiver } from "../logout.js";
import { EndpointFailure } from "../oauth/ask.js";
import { unavailable, withHeaders } from "./answers.js";
import { troubleOf } from "./renewal.js";
import type { LiveSessions } from "./sessions.js";
import type { Setup } from "./setup.js";

type Receive = ReturnType<typeof logoutReceiver>;

export function backchannelLogout(
  setup: Setup,
  sessions: LiveSessions,
): (request: Request, context: ExecutionContextLike | null) => Promise<Response> {
  const { settings, provider, report } = setup;
  let known: { readonly keys: string; readonly receive: Receive } | null = null;

  const end = async ({ sid, sub, iat }: LogoutToken): Promise<void> => {
    if (sid !== null) await sessions.endNamed?.("sid", sid);
    // `iat` has whole seconds.
    else if (sub !== null) await sessions.endNamed?.("sub", sub, iat * 1000 + 999);
    report("logged-out-elsewhere", { subject: sub });
  };
  const receiver = async (): Promise<Receive> => {
    const { jwks_uri: keys = "" } = await provider.ready();
    if (known?.keys === keys) return known.receive;
    const { revocation, absolute, clock, fetch, client } = settings;
    const { issuer, algorithms } = settings.provider;
    const receive = logoutReceiver({
      issuers: { issuer, audience: client.id, algorithms, jwksUri: keys },
      ...(revocation === undefined ? {} : { revoker: revocation, ttl: absolute / 1000 }),
      onLogout: end,
      clock,
      jwks: { fetch },
      onEvent: (event) => {
        if (event.type === "refused") report("refused", { code: event.code });
      },
    });
    known = { keys, receive };
    return receive;
  };

  return async (request, context) => {
    try {
      const receive = await receiver();
      const copy = request.bodyUsed ? null : request.clone();
      const answer = await receive(request, context ?? undefined);
      if (answer.status === 400 && (await isTaken(copy)))
        report("misconfigured", { code: "body_read" });
      return withHeaders(answer);
    } catch (failure) {
      if (!(failure instanceof EndpointFailure)) throw failure;
      return unavailable(troubleOf(failure).retryAfter);
    }
  };
}

/** Whether a body parser has taken the body: one was announced, and there is nothing. */
async function isTaken(request: Request | null): Promise<boolean> {
  if (request === null) return true;
  const reader = request.body?.getReader();
  const { done } = (await reader?.read()) ?? { done: true };
  reader?.cancel().catch(() => undefined);
  return done && Number(request.headers.get("Content-Length")) > 0;
}
