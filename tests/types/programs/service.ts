// `tokenkeep/service`, as a Worker uses it. Nothing here runs: the type check is the test.

import type { ExecutionContextLike, KeyValue, Verified } from "tokenkeep/edge";
import {
  type ClientAuthentication,
  type ClientOptions,
  createServiceTokens,
  type OnBehalf,
  type Secrets,
  type ServiceErrorCode,
  type ServiceEvent,
  type ServiceOptions,
  ServiceTokenError,
  type ServiceTokens,
  type Target,
  type WebCryptoKey,
} from "tokenkeep/service";

declare const key: CryptoKey;
declare const store: KeyValue;
declare const ctx: ExecutionContextLike;
declare const request: Request;
declare const auth: Verified;

const auths: ClientAuthentication[] = [
  { method: "client_secret_basic", secret: "s" },
  { method: "client_secret_post", secret: "s" },
  { method: "private_key_jwt", key, kid: "k", typ: null },
  { method: "private_key_jwt", key: { kty: "EC", d: "", kid: "k" } },
  { method: "tls_client_auth" },
];
const client: ClientOptions = { id: "orders", auth: auths[0]! };
const keys: Secrets = ["0".repeat(32), new Uint8Array(32)];
const entra: Target = {
  user: ({ token, claims }) => ({
    grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    parameters: { assertion: token, scope: String(claims.sub) },
  }),
};

const options: ServiceOptions = {
  issuer: "https://auth.example.com",
  tokenEndpoint: new URL("https://auth.example.com/token"),
  client,
  targets: {
    "https://a.example": { audience: "a", scopes: ["read"], actor: true },
    "https://b.example": { resource: ["https://b.example"], user: "refuse" },
    "https://c.example": { resource: "https://c.example", parameters: { a: "b" } },
    "https://d.example": entra,
  },
  shared: { store, keys },
  size: 1,
  timeout: 1,
  leeway: 1,
  jitter: 1,
  fetch: (input, init) => fetch(input, init),
  transport: (sent) => fetch(sent),
  clock: () => Date.now(),
  onEvent: ({ type, target, subject, actor, generation, ms, code }: ServiceEvent) =>
    console.log(type, target, subject?.length, actor, generation + ms, code),
};
const tokens: ServiceTokens = createServiceTokens(options);
const user: OnBehalf = tokens.within(ctx).onBehalfOf(request, auth);
export const answers: Promise<Response>[] = [
  tokens.fetch("https://a.example"),
  tokens.within(ctx).fetch(new URL("https://a.example"), { method: "POST" }),
  user.fetch(request),
];
export const lent: Promise<number>[] = [
  tokens.withToken("https://a.example", (token) => token.length),
  user.withToken("https://a.example", async (token) => token.length),
];
export const done: Promise<void> = tokens.prime();
tokens.close();

export function reasonOf(error: unknown): ServiceErrorCode | null {
  if (!(error instanceof ServiceTokenError)) return null;
  console.log(error.retryable, error.status?.toFixed(), error.retryAfter?.toFixed(), error.error);
  return error.code;
}

// @ts-expect-error no targets
createServiceTokens({ issuer: "https://auth.example.com", client });
// @ts-expect-error there is no client without authentication
createServiceTokens({ ...options, client: { id: "a", auth: { method: "none" } } });
// @ts-expect-error the inbound token is never forwarded
export const forwarded: Target = { user: "forward" };
// @ts-expect-error what `within` gives can't be closed
tokens.within(ctx).close();

// A key of the page's own types is one.
export const platformsKey = (key: CryptoKey): WebCryptoKey => key;
