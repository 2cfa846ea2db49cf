// Every public name of `tokenkeep`, used as an application uses it. Nothing here runs: the type
// check is the test.

import {
  createTokenKeep,
  type DpopOptions,
  type EndpointOptions,
  type JsonPath,
  type Prove,
  type ReplyShape,
  type Session,
  type SessionStatus,
  type SignedOutReason,
  type TokenKeep,
  TokenKeepError,
  type TokenKeepErrorCode,
  type TokenKeepEvents,
  type TokenKeepOptions,
  type TokenResponse,
  type Transition,
} from "tokenkeep";

const endpoint: EndpointOptions = {
  url: new URL("https://auth.example.com/refresh"),
  method: "POST",
  headers: { "X-A": "b" },
  body: "{}",
};

const path: JsonPath = ["data", "token"] as const;
const reply: ReplyShape = { accessToken: path, expiresAt: "until", header: "X-Token" };

const dpop: DpopOptions = {
  algorithm: "Ed25519",
  key: "origin",
  required: false,
  tokenEndpoint: new URL("https://auth.example.com/token"),
};

const options: TokenKeepOptions = {
  reply,
  dpop,
  noSession: [204, "no-token"] as const,
  refresh: endpoint,
  logout: "/logout",
  origins: ["https://api.example.com"] as const,
  leeway: 60,
  jitter: 10,
  defaultLifetime: 300,
  timeout: 10_000,
  backoff: { base: 1_000, max: 60_000 },
  unauthorized: [401, 419] as const,
  tabs: "coordinate",
  name: "admin",
  host: "page",
  transport: (request) => fetch(request),
};

/** Options that are put together bit by bit. */
export function configured(worker: Worker, shared: SharedWorker): readonly TokenKeepOptions[] {
  const grown: TokenKeepOptions = { refresh: "/refresh" };
  grown.refresh = new URL("https://auth.example.com/refresh");
  grown.logout = { url: "/logout" };
  grown.origins = new Array<string>("https://a.example");
  grown.backoff = {};
  grown.tabs = "off";
  grown.host = worker;
  return [options, grown, { refresh: "/r", host: shared, logout: new URL("https://a.example") }];
}

export async function use(): Promise<readonly Transition[]> {
  const keep: TokenKeep = createTokenKeep(options);
  const session: Session = await keep.start();
  const status: SessionStatus = session.status;
  const reason: SignedOutReason | null = keep.session.reason;
  const stop: () => void = keep.subscribe(() =>
    console.log(status, reason, session.claims?.["sub"]),
  );
  stop();
  const each = <K extends keyof TokenKeepEvents>(type: K) =>
    keep.on(type, (event: TokenKeepEvents[K]) => console.log(event));
  each("change");
  keep.on("change", ({ session: { expiresAt, refreshing, degraded, retryAt, generation } }) =>
    console.log(expiresAt, refreshing, degraded, retryAt, generation),
  );
  keep.on("signed-in", (event) => console.log(event.session.status));
  keep.on("signed-out", (event) => console.log(described(event.reason)));
  keep.on("refreshed", ({ generation, by }) => console.log(generation, by === "sibling"));
  keep.on("refresh-failed", ({ error, retryAt }) => console.log(error.retryable, retryAt));
  keep.on("step-up", ({ acrValues, maxAge, url }) =>
    console.log(acrValues.join(" "), maxAge ?? 0, url),
  );
  keep.on("logout-answered", ({ status, body }) => console.log(status, body));
  keep.on("rejected-fresh-token", ({ url }) => console.log(url));
  keep.on("user-changed", (event) => console.log(event.session.claims));
  const drop: typeof fetch = keep.fetch;
  const reply: Response = await keep.signIn("/sign-in", { method: "POST" });
  await keep.signIn(new URL("https://a.example/sign-in"));
  await keep.signIn(new Request("/sign-in"), {});
  const token: TokenResponse = { access_token: "t", expires_in: 900, token_type: "Bearer" };
  await keep.adopt(token).then(() => keep.refresh());
  await keep.adopt({ accessToken: "t", expiresIn: 900 }, { session: "same" });
  console.log(session.error?.code, session.reply?.["user"]);
  const length: number = await keep.withToken((lent) => lent.length, {
    minValidity: 30,
    signal: AbortSignal.timeout(1_000),
  });
  const answer: { status: number } = await keep.attempt(
    new URL("https://api.example.com"),
    async (told: string | null) => ({ status: told === null ? 401 : 200 }),
    ({ status }) => status === 401 && "Bearer",
  );
  const later: string = await keep.withToken(async (lent) => lent.slice(1));
  const proven = await keep.withToken(async (lent, prove: Prove) => [
    lent,
    await prove("GET", "/"),
  ]);
  await drop(proven.join());
  try {
    await drop(`/api?${reply.status}${answer.status}${length}${later}`);
    await keep.logout();
  } catch (error) {
    if (error instanceof TokenKeepError) {
      const code: TokenKeepErrorCode = error.code;
      console.log(
        advice(code),
        error.retryable,
        error.status?.toFixed(),
        error.retryAfter?.toFixed(),
        error.name,
        error.cause,
      );
    }
  }
  keep.close();
  return keep
    .explain()
    .filter(
      ({ at, event, from, to, generation, note }) =>
        at > 0 && event !== from && to !== note && generation > 0,
    );
}

function described(reason: SignedOutReason): string {
  switch (reason) {
    case "logout":
    case "logout-elsewhere":
    case "rejected":
    case "no-session":
    case "closed":
      return reason;
  }
}

/** All codes, and no others: else this returns nothing somewhere. */
export function advice(code: TokenKeepErrorCode): string {
  switch (code) {
    case "config_invalid":
    case "dpop_unavailable":
    case "wasm_unavailable":
    case "worker_unavailable":
    case "refresh_rejected":
    case "refresh_unreachable":
    case "refresh_timeout":
    case "refresh_malformed":
    case "refresh_misconfigured":
    case "logout_failed":
    case "signed_out":
    case "not_in_page":
    case "closed":
      return code;
  }
}

/**
 * The error class is `Error`'s own kind: made with a message, given a cause, extended, stood in
 * for.
 */
export class Unreachable extends TokenKeepError {
  override readonly code = "refresh_unreachable";
  override name = "Unreachable";
  constructor(cause: unknown) {
    super("no way through", { cause });
  }
}
export const errors: readonly TokenKeepError[] = [
  new TokenKeepError(),
  new TokenKeepError("a message"),
  new TokenKeepError("a message", { cause: new Error("why") }),
  new Unreachable(null),
  { name: "TokenKeepError", message: "in a test", code: "closed", retryable: false },
  {
    name: "TokenKeepError",
    message: "in a test",
    code: "refresh_timeout",
    retryable: true,
    status: 408,
    retryAfter: 1,
    stack: "",
  },
];
export const constructors: readonly (new (
  message?: string,
  options?: ErrorOptions,
) => TokenKeepError)[] = [TokenKeepError];

/** What stands in for a keep in a test of an application. */
export const double: TokenKeep = {
  start: () => Promise.resolve(double.session),
  session: {
    status: "anonymous",
    generation: 0,
    expiresAt: null,
    refreshing: false,
    degraded: false,
    retryAt: null,
    claims: null,
    reason: "no-session",
    error: null,
    reply: null,
  },
  subscribe: () => () => undefined,
  fetch: globalThis.fetch,
  signIn: (input, init) => fetch(input, init),
  adopt: async ({ access_token, accessToken }) => ({
    ...double.session,
    claims: { token: access_token ?? accessToken ?? "" },
  }),
  refresh: async () => double.session,
  withToken: async (lend) => lend("token", async () => "proof"),
  attempt: async (_, send) => send("token"),
  logout: async () => undefined,
  on: (type, listener) => () => void [type, listener],
  explain: () => [{ at: 0, event: "start", from: "unknown", to: "anonymous", generation: 0 }],
  close: () => undefined,
};
