// `tokenkeep/introspection`, as a Worker uses it. Nothing here runs: the type check is the test.

import { createVerifier, type Policy, type VerifierOptions } from "tokenkeep/edge";
import {
  type Algorithm,
  type ClientAuthentication,
  type IntrospectionEvent,
  type IntrospectionOptions,
  type Introspector,
  introspection,
  type Jwk,
  type KeyLocator,
  type WebCryptoKey,
} from "tokenkeep/introspection";

declare const key: Jwk;
declare const locator: KeyLocator;

const algorithms: readonly Algorithm[] = ["RS256"];
const auths: readonly ClientAuthentication[] = [
  { method: "client_secret_basic", secret: "secret" },
  { method: "client_secret_post", secret: "secret" },
  { method: "private_key_jwt", key, kid: "k", typ: null },
  { method: "tls_client_auth" },
];
const options: IntrospectionOptions = {
  issuer: "https://auth.example.com",
  audience: ["https://api.example.com"],
  endpoint: new URL("https://auth.example.com/introspect"),
  client: { id: "api", auth: auths[0]! },
  answer: { jwt: { algorithms, jwksUri: locator } },
  allowNoAudience: true,
  allowNoTokenType: false,
  cacheTtl: 10,
  cacheSize: 100,
  maxConcurrent: 5,
  timeout: 1_000,
  tenant: "acme",
  fetch: (input, init) => fetch(input, init),
  onEvent: ({ type, issuer, outcome, code }: IntrospectionEvent) =>
    console.log(type, issuer, outcome === "failed", code?.length),
};
const asking: Introspector = introspection(options);
const verifying: VerifierOptions = { issuers: [], introspection: asking };
export const verifier = createVerifier(verifying);
export const policy: Policy = { fresh: true };
introspection({
  issuer: "https://auth.example.com",
  audience: "api",
  client: { id: "api", auth: { method: "client_secret_post", secret: "secret" } },
  answer: "json",
});

// @ts-expect-error no client
introspection({ issuer: "https://auth.example.com", audience: "api" });
// @ts-expect-error misspelt
introspection({ ...options, cacheTTL: 10 });
// @ts-expect-error nobody asks without saying who
introspection({ ...options, client: { id: "api", auth: { method: "none" } } });
// @ts-expect-error made by hand
createVerifier({ issuers: [], introspection: {} });

// A key of the page's own types is one.
export const platformsKey = (key: CryptoKey): WebCryptoKey => key;
