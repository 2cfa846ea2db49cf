// `tokenkeep/logout`, as a Worker uses it. Nothing here runs: the type check is the test.

import { type ExecutionContextLike, kvRevocation, type VerifierEvent } from "tokenkeep/edge";
import {
  type LogoutOptions,
  type LogoutToken,
  logoutReceiver,
  verifyLogoutToken,
} from "tokenkeep/logout";

declare const kv: Parameters<typeof kvRevocation>[0];
declare const ctx: ExecutionContextLike;
declare const request: Request;

const issuers = {
  issuer: "https://auth.example.com",
  audience: "shop",
  algorithms: ["RS256"],
  jwksUri: "https://auth.example.com/jwks",
} as const;

const options: LogoutOptions = {
  issuers,
  revoker: kvRevocation(kv),
  reach: "user",
  ttl: 3_600,
  allowNoExpiry: true,
  maxAge: 120,
  onLogout: async ({ issuer, sub, sid, jti, iat, tenant }) =>
    console.log(issuer, sub?.length, sid?.length, jti.length, iat.toFixed(), tenant?.length),
  jwks: { timeout: 1_000 },
  clockTolerance: 0,
  clock: () => Date.now(),
  onEvent: (event: VerifierEvent) => console.log(event.type),
};

const receive: (request: Request, ctx?: ExecutionContextLike) => Promise<Response> =
  logoutReceiver(options);
export const answers: Promise<Response>[] = [receive(request), receive(request, ctx)];
export const logout: Promise<LogoutToken> = verifyLogoutToken("token", options, ctx);
logoutReceiver({ issuers: [issuers], onLogout: () => undefined });
logoutReceiver({ issuers: async () => issuers, onLogout: () => undefined });

// @ts-expect-error no issuers
logoutReceiver({ onLogout: () => undefined });
// @ts-expect-error misspelt
logoutReceiver({ issuers, reach: "sessions" });
// @ts-expect-error a profile is not to be chosen
logoutReceiver({ issuers, profile: "jwt" });
