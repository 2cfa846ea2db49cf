// Every public name of `tokenkeep/edge`, used as a Worker uses it. Nothing here runs: the type
// check is the test.

import { type DiscoverOptions, discover, pemMap, pemPerKey } from "tokenkeep/discovery";
import {
  type Actor,
  type Algorithm,
  type AuditRecord,
  auditOf,
  type ClaimPath,
  type Claims,
  type Compact,
  type CompactOptions,
  cacheJwksStore,
  createVerifier,
  type Decryption,
  type DpopOptions,
  durableReplay,
  type ExecutionContextLike,
  type ExpectedProof,
  type Introspector,
  type IssuerOptions,
  type JoseHeader,
  type Jwk,
  type JwksOptions,
  type JwksStore,
  type KeyLocator,
  type KeyValue,
  kvJwksStore,
  kvRevocation,
  mayAct,
  memoryReplay,
  memoryRevocation,
  type Policy,
  type ReplayNamespace,
  type ReplayStore,
  type ReplayUse,
  type RevocationStore,
  type RevocationSubject,
  type Revoker,
  type StoredJwks,
  type Verified,
  type VerifiedProof,
  type Verifier,
  type VerifierEvent,
  type VerifierOptions,
  VerifyError,
  type VerifyErrorCategory,
  type VerifyErrorCode,
  verifyCompact,
  verifyProof,
} from "tokenkeep/edge";

const algorithms: readonly Algorithm[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "HS256",
  "HS384",
  "HS512",
];
const key: Jwk = {
  kty: "EC",
  crv: "P-256",
  x: "x",
  y: "y",
  kid: "k1",
  alg: "ES256",
  use: "sig",
  "x5t#S256": "t",
};
export const paths: readonly ClaimPath[] = [
  "roles",
  ["realm_access", "roles"],
  [["a"], ["b", "c"]],
];
const issuer: IssuerOptions = {
  issuer: "https://auth.example.com",
  audience: ["https://api.example.com", "other"] as const,
  algorithms: ["ES256"],
  jwksUri: new URL("https://auth.example.com/jwks"),
  jwks: { keys: [key] },
  secret: new Uint8Array(32),
  tenant: "one",
};
const roles: ClaimPath = [["realm_access", "roles"], ["groups"]];
const differing: IssuerOptions = {
  issuer: "https://pool.example.com",
  audience: null,
  claims: { client_id: ["a", "b"] as const, token_use: "access" },
  claimPaths: { roles, scopes: "scp", acr: "amr", sid: ["session", "id"], jti: "uti" },
  profile: "jwt",
  types: ["JOSE"] as const,
  requiredClaims: ["sub"],
  maxTokenAge: 60,
  check: ({ sub }, { alg }) => sub !== alg,
  tolerate: ["padding", "numeric-sub", "numeric-jti"],
  algorithms: ["ES256", "HS256"] as const,
  jwksUri: "https://pool.example.com/jwks",
  secrets: [
    { secret: new Uint8Array(32), algorithm: "HS256", kid: "s1" },
    { secret: new Uint8Array(64), algorithm: "HS512" },
  ] as const,
};

class Shelf implements JwksStore {
  async get(name: string): Promise<StoredJwks | null> {
    return name === "" ? null : { body: "{}", fetchedAt: 0, etag: "e" };
  }
  async put(_name: string, value: StoredJwks, ttlSeconds: number): Promise<void> {
    console.log(value.body, value.fetchedAt, value.etag?.length, ttlSeconds);
  }
}

const kv: KeyValue = {
  get: async (name) => name,
  put: async (name, value, options) => console.log(name, value, options?.expirationTtl),
  delete: async (name) => console.log(name),
};
export const revocations: (RevocationStore & Revoker)[] = [
  kvRevocation(kv),
  kvRevocation(kv, { prefix: "r:", cacheTtl: 0, clock: Date.now }),
  memoryRevocation(),
  memoryRevocation({ max: 10, clock: () => 0 }),
];
export const own: RevocationStore = {
  isRevoked: ({ issuer, jti, sid, sub, iat }: RevocationSubject) =>
    issuer === jti || sid === sub || iat === null,
};

export async function revoke(revoker: Revoker): Promise<void> {
  await revoker.revokeToken("i", "jti", 1);
  await revoker.revokeSession("i", "sid", 60);
  await revoker.revokeUser("i", "sub", 60);
  await revoker.revokeUser("i", "sub", 60, 1_800_000_000);
}

const jwks: JwksOptions = {
  maxAge: 600,
  maxStale: 86_400,
  cooldown: 30,
  timeout: 5_000,
  maxBytes: 262_144,
  store: new Shelf(),
  fetch: (input: string, init: RequestInit) => fetch(input, init),
};
export function stores(cache: Cache): JwksStore[] {
  return [kvJwksStore(kv), kvJwksStore(kv, { prefix: "k:" }), cacheJwksStore(cache), new Shelf()];
}

const options: VerifierOptions = {
  issuers: [issuer, differing],
  profile: "access-token",
  clockTolerance: 30,
  maxTokenAge: 3_600,
  requiredClaims: ["sub"] as const,
  allowNoExpiry: false,
  maxTokenBytes: 16_384,
  check: (claims: Claims, header: JoseHeader) =>
    claims.sub === "alice" &&
    header.typ !== "x" &&
    claims["custom"] !== null &&
    header.kid !== header.alg,
  revocation: memoryRevocation(),
  jwks,
  resultCacheSize: 1_000,
  clock: () => Date.now(),
  onEvent: (event: VerifierEvent) => console.log(told(event)),
  respond: (error: VerifyError, request: Request, policy: Policy) =>
    error.status === 401 ? Response.redirect(request.url) : error.response(policy),
};
const verifier: Verifier = createVerifier(options);
createVerifier({ issuers: issuer, profile: "jwt", check: async () => true });
export const asking = (introspection: Introspector): Verifier =>
  createVerifier({ issuers: [], introspection });
export const now: Policy = { fresh: true };
createVerifier({ issuers: [issuer] as const, profile: "id-token" });
createVerifier({ issuers: (name) => (name === issuer.issuer ? issuer : null) });
createVerifier({
  issuers: async (name: string) => ({ ...issuer, issuer: name, jwksUri: "https://a.example/jwks" }),
});

function told(event: VerifierEvent): string {
  switch (event.type) {
    case "verified":
      return `${event.issuer} ${event.cached}`;
    case "refused":
      return `${event.code} ${event.category}`;
    case "jwks":
      return [
        `${event.issuer} ${event.outcome} ${event.keys ?? 0}`,
        ...(event.skipped?.map(({ kid, reason }) => `${kid} ${reason}`) ?? []),
      ].join();
  }
}

const policy: Policy = {
  scopes: ["read"],
  anyScope: ["a", "b"] as const,
  roles: ["admin"],
  permissions: ["orders:read"],
  roleMap: { admin: ["orders:read"] } as const,
  tenant: "one",
  acr: ["urn:acr:2"],
  maxAge: 300,
  token: { header: "Cf-Access-Jwt-Assertion" },
  audience: ["https://api.example.com"] as const,
  preflight: "guard",
  fingerprint: async (request: Request) => request.headers.get("X-Device") ?? "",
  forward: { "X-User": "sub", "X-Deep": ["a", "b"] as const },
  realm: "api",
  resourceMetadata: "https://api.example.com/.well-known/oauth-protected-resource",
};

interface Env {
  readonly LIMIT: number;
}
const handled = verifier.guard<Env>((request, env, ctx, auth) => {
  ctx.waitUntil(Promise.resolve(env.LIMIT));
  return new Response(`${request.url} ${auth.claims.sub ?? ""}`);
}, policy);
const open = verifier.guard(
  async (_request, _env, _ctx, auth) => new Response(auth?.issuer ?? "nobody"),
  { ...policy, optional: true },
);
export const places: readonly Policy["token"][] = [
  { cookie: "__Host-session" },
  (request) => request.headers.get("X-Token"),
  () => null,
];
export const chosen = verifier.guard(
  (_request, _env, _ctx, auth) => new Response(auth.issuer),
  ({ method }) => (method === "GET" ? { audience: "one" } : policy),
);
export const crossOrigin = verifier.guard(
  (_request, _env, _ctx, auth: Verified | null) => new Response(auth?.issuer ?? "preflight"),
  { preflight: "pass" },
);
// The handler of a route that answers preflights before it looks at the token.
export const routed = verifier.guard(
  ({ method }, _env, _ctx, auth) => new Response(method === "OPTIONS" ? null : auth.issuer),
  { preflight: "pass" },
);
export const worker = {
  fetch: (request: Request, env: Env, ctx: ExecutionContextLike): Promise<Response> =>
    handled(request, env, ctx),
};
export const another = { fetch: open };
export const bare = verifier.guard(() => new Response());

export async function use(request: Request, ctx: ExecutionContextLike): Promise<Response> {
  try {
    await verifier.prime();
    const verified: Verified = await verifier.verify("token", ctx);
    const { claims, header, key, keys, scopes, roles, permissions, tenant, cached } = verified;
    const audience: string | readonly string[] | undefined = claims.aud;
    const times: (number | undefined)[] = [claims.exp, claims.nbf, claims.iat];
    console.log(
      audience,
      times,
      claims.iss,
      claims.jti,
      header.alg,
      key.kid,
      key.alg,
      key.thumbprint,
      cached,
      tenant,
    );
    console.log(keys.source === "bundled", keys.ageMs, keys.stale, scopes.has("a"), roles.size, [
      ...permissions,
    ]);
    const must: Verified = await verifier.authenticate(request);
    const may: Verified | null = await verifier.authenticate(request, { optional: true }, ctx);
    await verifier.authenticate(request, policy, ctx);
    await verifier.authorize(must, policy);
    const actors: readonly Actor[] = must.actors ?? [];
    const record: AuditRecord = auditOf(must);
    console.log(record, mayAct(must, { subject: actors[0]?.subject ?? "" }));
    await verifier.authorize(must, policy, request);
    for (const { check, ok, detail } of await verifier.explain("token"))
      console.log(check, ok, detail?.length, must.issuer, may?.issuer);
    const signed: CompactOptions = { algorithms };
    const { header: protectedHeader, payload }: Compact = await verifyCompact(
      "a.b.c",
      { keys: [key as unknown as Jwk] },
      signed,
    );
    await verifyCompact("a.b.c", { kty: "oct" }, { algorithms: ["HS256"] });
    return new Response(payload.byteLength > 0 ? protectedHeader.alg : null);
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    const category: VerifyErrorCategory = error.category;
    const code: VerifyErrorCode = error.code;
    if (code === "claim.org" || code === "jwks.timeout") console.log(code);
    const challenge: string | null = error.challenge(policy) ?? error.challenge();
    console.log(error.code, category === "keys", error.status, error.retryable, challenge);
    return error.status === 401 ? error.response() : error.response(policy);
  }
}

/**
 * The error class is `Error`'s own kind: made with a message, given a cause, extended, stood in
 * for.
 */
export class Refused extends VerifyError {
  override readonly code = "claim.custom";
  override name = "Refused";
  override challenge(): null {
    return null;
  }
}
export const errors: readonly VerifyError[] = [
  new VerifyError(),
  new VerifyError("a message", { cause: 1 }),
  new Refused("no"),
  {
    name: "VerifyError",
    message: "",
    code: "token.expired",
    category: "token",
    status: 401,
    retryable: false,
    challenge: () => null,
    response: () => new Response(),
  },
];

const found: DiscoverOptions = { type: "oauth2", keyOrigins: ["https://a.example"], maxBytes: 1 };
declare const encryption: Decryption;
export const encrypted: Pick<VerifierOptions, "encryption"> = { encryption };

export const locators: readonly KeyLocator[] = [
  discover(),
  discover(found),
  pemMap("https://a.example"),
  pemPerKey(new URL("https://a.example")),
];
export const byDiscovery: IssuerOptions = {
  issuer: "https://issuer.example",
  audience: "a",
  algorithms: ["ES256"],
  jwksUri: discover(),
};

/** What stands in for a verifier in a test of an application. */
export function double(verified: Verified): Pick<Verifier, "verify" | "prime" | "explain"> {
  return {
    verify: async () => verified,
    prime: async () => undefined,
    explain: async () => [{ check: "signature", ok: true }],
  };
}

/** An authority that takes proofs, and an API whose isolates share what they remember of them. */
export async function proofs(namespace: ReplayNamespace, once: ReplayStore["firstUse"]) {
  const stores: readonly ReplayStore[] = [
    memoryReplay({ max: 1_000, clock: () => Date.now() }),
    durableReplay(namespace),
    { firstUse: async (use: ReplayUse) => once(use) },
  ];
  const dpop: DpopOptions = {
    algorithms: ["ES256"],
    maxProofAge: 60,
    nonce: { secret: new Uint8Array(32), lifetime: 300 },
    replay: stores[0] ?? "off",
    url: (request) => request.url,
  };
  const expected: ExpectedProof = { method: "POST", url: "https://auth.example.com/token" };
  const proof: VerifiedProof = await verifyProof("a.b.c", expected, { ...dpop, clock: Date.now });
  const policy: Policy = { dpop: "required" };
  return [dpop, policy, proof.jti, proof.thumbprint, proof.iat, proof.nonce] as const;
}
