// Every public name of `tokenkeep`, used as an application uses it. Nothing here runs: the type check is the test.

import {
  createTokenKeep,
  TokenKeepError,
  type EndpointOptions,
  type Session,
  type SessionStatus,
  type SignedOutReason,
  type TokenKeep,
  type TokenKeepErrorCode,
  type TokenKeepEvents,
  type TokenKeepOptions,
  type TokenResponse,
  type Transition,
} from "tokenkeep";

const endpoint: EndpointOptions = { url: new URL("https://auth.example.com/refresh"), method: "POST", headers: { "X-A": "b" }, body: "{}" };

const options: TokenKeepOptions = {
  refresh: endpoint,
  logout: "/logout",
  origins: ["https://api.example.com"] as const,
  leeway: 60,
  jitter: 10,
  defaultLifetime: 300,
  timeout: 10_000,
  backoff: { base: 1_000, max: 60_000 },
  tabs: "coordinate",
  name: "admin",
  host: "page",
  transport: (request) => fetch(request),
};

export async function use(): Promise<readonly Transition[]> {
  const keep: TokenKeep = createTokenKeep(options);
  const session: Session = await keep.start();
  const status: SessionStatus = session.status;
  const reason: SignedOutReason | null = keep.session.reason;
  const stop: () => void = keep.subscribe(() => console.log(status, reason, session.claims?.["sub"]));
  stop();
  const each = <K extends keyof TokenKeepEvents>(type: K) => keep.on(type, (event: TokenKeepEvents[K]) => console.log(event));
  each("change");
  keep.on("step-up", ({ acrValues, maxAge, url }) => console.log(acrValues.join(" "), maxAge ?? 0, url));
  keep.on("refresh-failed", ({ error, retryAt }) => console.log(error.retryable, retryAt));
  const drop: typeof fetch = keep.fetch;
  const reply: Response = await keep.signIn("/sign-in", { method: "POST" });
  const token: TokenResponse = { access_token: "t", expires_in: 900, token_type: "Bearer" };
  await keep.adopt(token).then(() => keep.refresh());
  const length: number = await keep.withToken((lent) => lent.length, { minValidity: 30, signal: AbortSignal.timeout(1_000) });
  try {
    await drop(`/api?${reply.status}${length}`);
    await keep.logout();
  } catch (error) {
    if (error instanceof TokenKeepError) {
      const code: TokenKeepErrorCode = error.code;
      console.log(code, error.retryable, error.status, error.retryAfter);
    }
  }
  keep.close();
  return keep.explain();
}
