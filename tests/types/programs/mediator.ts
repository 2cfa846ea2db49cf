// `tokenkeep/mediator`, as a server uses it. Nothing here runs: the type check is the test.

import {
  type Algorithm,
  type Claims,
  type ClientAuthentication,
  checkSessionStore,
  createMediator,
  type D1Sessions,
  d1Sessions,
  durableSessions,
  type ExecutionContextLike,
  type Jwk,
  type Mediator,
  MediatorError,
  type MediatorEvent,
  type MediatorOptions,
  memorySessions,
  type ProviderMetadata,
  type ProviderOptions,
  type RevocationStore,
  type RevocationSubject,
  type Revoker,
  type SealedCookiesOptions,
  type Secrets,
  type SessionDatabase,
  type SessionNamespace,
  SessionObject,
  type SessionObjectState,
  type SessionRecord,
  type SessionStatement,
  type SessionStore,
  type Sessions,
  type SignInErrorCode,
  type StoreFinding,
  sealedCookies,
  storedSessions,
  type WebCryptoKey,
} from "tokenkeep/mediator";

declare const key: Jwk;
declare const context: ExecutionContextLike;
declare const database: SessionDatabase;
declare const namespace: SessionNamespace;
declare const state: SessionObjectState;
declare const revocation: RevocationStore & Revoker;

const keys: Secrets = ["a text of at least 32 bytes, say", new Uint8Array(32)];
const auth: ClientAuthentication = { method: "private_key_jwt", key, typ: null };
const discovery: ProviderMetadata = {
  issuer: "https://i.example",
  jwks_uri: "https://i.example/k",
};
const algorithms: readonly Algorithm[] = ["ES256"];
const provider: ProviderOptions = {
  issuer: "https://i.example",
  discovery,
  scope: "openid",
  resource: ["https://api.example.com"],
  parameters: { audience: "api" },
  pushed: "always",
  algorithms,
};
const events: MediatorEvent[] = [];
const options: MediatorOptions = {
  provider,
  client: { id: "web", auth },
  url: new URL("https://app.example.com/session"),
  apps: ["https://app.example.com"],
  sessions: storedSessions(memorySessions({ max: 10 }), { keys }),
  name: "shop",
  lifetime: { idle: 3_600 },
  reuse: 10,
  claims: ["sub"],
  userInfo: true,
  admit: ({ claims, userInfo }: { claims: Claims; userInfo: Claims | null }) =>
    claims.sub !== userInfo?.sub,
  revocation,
  cookie: { scope: "mediator" },
  timeout: 5_000,
  fetch: (input, init) => fetch(input, init),
  clock: () => Date.now(),
  onEvent: (event) => events.push(event),
};
const mediator: Mediator = createMediator(options);
mediator.fetch(
  new Request("https://app.example.com/session/refresh"),
  context,
) satisfies Promise<Response>;
mediator.handles(new Request("https://app.example.com/")) satisfies boolean;
mediator.endSessions("alice") satisfies Promise<number>;

const cookies: SealedCookiesOptions = { keys, rotation: "sliding" };
const sealed: Sessions = sealedCookies(cookies);
const statement: SessionStatement = database.prepare(d1Sessions.schema);
const inD1: D1Sessions = d1Sessions;
const store: SessionStore = statement === null ? durableSessions(namespace) : inD1(database);
const record: Promise<SessionRecord | null> = store.read("key");
const findings: Promise<readonly StoreFinding[]> = checkSessionStore(() => store);
new SessionObject(state).fetch(new Request("https://x.invalid")) satisfies Promise<Response>;
const code: SignInErrorCode = "expired";
const isRevoked = (subject: RevocationSubject) => revocation.isRevoked(subject);
export const all = [sealed, record, findings, code, isRevoked, new MediatorError().code];

// @ts-expect-error no such way to prove a client
createMediator({ ...options, client: { id: "web", auth: { method: "none" } } });
// @ts-expect-error sessions have to live somewhere
createMediator({ ...options, sessions: undefined });
// @ts-expect-error refresh tokens that work once need a store
sealedCookies({ keys, rotation: "single-use" });

// A key of the page's own types is one.
export const platformsKey = (key: CryptoKey): WebCryptoKey => key;
