// `POST backchannel-logout`: the provider tells of a logout (OpenID Connect Back-Channel Logout
// 1.0). The receiver of `tokenkeep/logout` verifies the token and tells the revocations; here the
// sessions end.

import { logoutReceiver } from "../logout.js";
import { readWithin } from "../shared/body.js";
import type { Live } from "./setup.js";

/** Bytes after which nobody asks whether there is a body. */
const ENOUGH = 16_384;

/** Takes the provider's logout tokens. */
export function receiverFor({ revocation, absolute, provider, report, sessions }: Live) {
  const receive = logoutReceiver({
    ...provider.trust,
    ...(revocation && { revoker: revocation, ttl: absolute / 1000 }),
    async onLogout({ sid, sub, iat }) {
      if (sid !== null) await sessions.endNamed?.("sid", sid);
      // `iat` has whole seconds.
      else if (sub !== null) await sessions.endNamed?.("sub", sub, iat * 1000 + 999);
      report("logged-out-elsewhere", { subject: sub });
    },
    onEvent(event) {
      if (event.type === "refused") report("refused", { code: event.code });
    },
  });
  return async (...[request, context]: Parameters<typeof receive>) => {
    // A body parser has taken the body: one was announced, and there is nothing.
    const isTaken =
      request.bodyUsed ||
      (Number(request.headers.get("Content-Length")) > 0 &&
        (await readWithin(request.clone(), ENOUGH))?.length === 0);
    if (isTaken) report("misconfigured", { code: "body_read" });
    return receive(request, context);
  };
}
