// Every public function of the entries beside a verifier, with values that have no business there:
// in place of each argument, and of each member of it, a value of each kind. What comes is an
// answer or a VerifyError. The fakes stand where Redis, KV and the network would.

import assert from "node:assert/strict";
import { test } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import { discover, pemMap, pemPerKey } from "tokenkeep/discovery";
import * as edge from "tokenkeep/edge";
import { introspection } from "tokenkeep/introspection";
import * as jwe from "tokenkeep/jwe";
import { logoutReceiver, verifyLogoutToken } from "tokenkeep/logout";
import * as redis from "tokenkeep/redis";
import { protectedResource } from "tokenkeep/resource";
import { AUDIENCE, claims, ISSUER, keyPair, NOW, sign } from "./suite/kit.ts";

type Args = readonly unknown[];
/** A function, and arguments that are right. */
type Row = readonly [call: (...given: never[]) => unknown, args: () => Args];

const trap = () => {
  throw new TypeError("a trap of the application");
};
const HANDLER = {
  apply: trap,
  get: trap,
  getOwnPropertyDescriptor: trap,
  getPrototypeOf: trap,
  has: trap,
  ownKeys: trap,
};
const revoked = (target: object) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const circle = () => {
  const one: { self?: object } = {};
  one.self = one;
  return one;
};
const nested = () => {
  let one = {};
  for (let depth = 0; depth < 20_000; depth += 1) one = { one };
  return one;
};

/** What a caller may give by mistake. */
const ODD: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  "a number": () => 7,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  "a negative number": () => -1,
  "a BigInt": () => 1n,
  "a symbol": () => Symbol("odd"),
  true: () => true,
  "a text": () => "x",
  "an empty text": () => "",
  "a long text": () => "x".repeat(100_000),
  "half a surrogate pair": () => "\ud800",
  "a list": () => [],
  "a list of null": () => [null],
  "a list of a BigInt": () => [1n],
  "a list of a symbol": () => [Symbol("odd")],
  "a list with a hole": () => new Array(1),
  "a list that throws": () => new Proxy([1], HANDLER),
  "an object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "an object that throws": () => new Proxy({}, HANDLER),
  "a getter that throws": () => Object.defineProperty({}, "odd", { get: trap, enumerable: true }),
  "a text that throws": () => ({ toString: trap, valueOf: trap, toJSON: trap }),
  "an object that is no text": () => ({ toString: () => ({}) }),
  "a proxy that is gone": () => revoked({}),
  "a list that is gone": () => revoked([]),
  "a circle": circle,
  "a deep object": nested,
  "a function": () => () => 1,
  "a function that throws": () => trap,
  "a function that is a trap": () => new Proxy(() => 1, HANDLER),
  "a class": () => class {},
  "a promise that fails": () => {
    const failing = Promise.reject(new Error("odd"));
    failing.catch(() => undefined);
    return failing;
  },
  "a map": () => new Map(),
  "a date": () => new Date(Number.NaN),
  bytes: () => new Uint8Array(3),
};

const signer = await keyPair();
const token = await sign(claims({ sid: "s1" }));
const { privateKey } = await generateKeyPair("ECDH-ES", { extractable: true });
const own = { ...(await exportJWK(privateKey)), kid: "e1" };
const secret = { kty: "oct", k: "A".repeat(43) };

const clock = () => NOW * 1000;
const context = { waitUntil: () => undefined };
const issuer = () => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["ES256"],
  jwks: { keys: [signer.jwk] },
  claims: { sub: "alice" },
  claimPaths: { scopes: "scope", roles: ["realm", "roles"] },
  profile: "jwt",
  types: ["JWT"],
  requiredClaims: ["sub"],
  maxTokenAge: 900,
  check: () => true,
  tolerate: ["padding"],
  tenant: "t",
});
const options = () => ({
  issuers: issuer(),
  clock,
  profile: "jwt",
  clockTolerance: 3,
  maxTokenAge: 900,
  requiredClaims: ["sub"],
  allowNoExpiry: false,
  maxTokenBytes: 9_000,
  check: () => true,
  revocation: { isRevoked: () => false },
  jwks: {
    maxAge: 60,
    maxStale: 0,
    cooldown: 30,
    timeout: 100,
    maxBytes: 5_000,
    store: { get: async () => null, put: async () => undefined },
    fetch: async () => new Response(""),
    allowHttp: false,
  },
  resultCacheSize: 10,
  onEvent: () => undefined,
  respond: () => new Response(""),
  dpop: {
    algorithms: ["ES256"],
    maxProofAge: 60,
    nonce: { secret: [new Uint8Array(32)], lifetime: 300 },
    replay: { firstUse: () => true },
    url: () => AUDIENCE,
  },
});
const bare = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] as const };
const keys = { keys: [signer.jwk as edge.Jwk] };
const verifier = edge.createVerifier({ issuers: { ...bare, jwks: keys }, clock, dpop: {} });
const plain = edge.createVerifier({ issuers: { ...bare, jwks: keys }, clock });
const ours = await plain.verify(token);
const byHand = () => ({
  claims: { iss: ISSUER, sub: "alice", act: { sub: "bob" }, may_act: { sub: "bob" } },
  header: { alg: "ES256" },
  issuer: ISSUER,
  tenant: null,
  scopes: new Set(["read"]),
  roles: ["r"],
  permissions: [],
  proof: null,
});
const policy = () => ({
  scopes: ["read"],
  anyScope: ["read"],
  roles: ["r"],
  permissions: ["p"],
  roleMap: { r: ["p"] },
  tenant: "t",
  acr: ["1"],
  maxAge: 5,
  optional: false,
  token: { header: "X-Token" },
  audience: [AUDIENCE],
  preflight: "pass",
  delegation: { actors: [{ subject: "bob", issuer: ISSUER }], required: true },
  dpop: "accepted",
  fingerprint: () => "f",
  forward: { "X-Actor": ["act", "sub"] },
  realm: "api",
  resourceMetadata: AUDIENCE,
});
const bareOf = () => ({ ...policy(), dpop: undefined, token: undefined });
const request = () => new Request(AUDIENCE, { headers: { Authorization: `Bearer ${token}` } });
const refusal = (await verifier
  .authenticate(request(), { acr: ["1"] })
  .catch((error) => error)) as edge.VerifyError;
const kv = () => ({ get: async () => null, put: async () => undefined, delete: async () => {} });
const client = {
  isCluster: false,
  getrange: async () => "",
  eval: async () => 1,
  publish: async () => 0,
  duplicate: () => client,
  on: () => client,
  subscribe: async () => 1,
  disconnect: () => undefined,
};
const subject = () => [{ issuer: ISSUER, jti: "t1", sid: "s1", sub: "alice", iat: NOW }];
const memory = edge.memoryRevocation();
const inKv = edge.kvRevocation(kv());
const inRedis = redis.redisRevocation(client as never, { cacheTtl: 0 });
const logout = () => ({
  issuers: { ...bare, jwks: keys },
  revoker: edge.memoryRevocation(),
  reach: "session",
  ttl: 5,
  allowNoExpiry: false,
  maxAge: 10,
  onLogout: () => undefined,
  jwks: { timeout: 50 },
  clockTolerance: 3,
  clock,
  onEvent: () => undefined,
});
const asker = () => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  endpoint: `${ISSUER}/introspect`,
  client: { id: "api", auth: { method: "client_secret_basic", secret: "s".repeat(40) } },
  answer: { jwt: { algorithms: ["ES256"], jwksUri: `${ISSUER}/keys` } },
  allowNoAudience: false,
  allowNoTokenType: false,
  cacheTtl: 3,
  cacheSize: 3,
  maxConcurrent: 3,
  timeout: 50,
  tenant: "t",
  fetch: async () => new Response(""),
  onEvent: () => undefined,
});
const recipients = () => [
  { key: { ...own }, kid: "z", alg: "ECDH-ES", issuer: ISSUER },
  { key: { ...secret }, issuer: ISSUER },
];
const algorithms = { keyManagement: ["ECDH-ES", "A256KW"], contentEncryption: ["A256GCM"] };
const metadata = () => ({
  resource: AUDIENCE,
  authorizationServers: [ISSUER],
  scopes: ["read"],
  jwksUri: `${AUDIENCE}/keys`,
  name: "api",
  documentation: `${AUDIENCE}/docs`,
  policy: `${AUDIENCE}/policy`,
  terms: `${AUDIENCE}/terms`,
  signingAlgorithms: ["ES256"],
  dpop: { algorithms: ["ES256"], required: true },
  maxAge: 5,
});
/** A verifier that finds its keys by a locator. */
const finding = (jwksUri: edge.KeyLocator) =>
  edge
    .createVerifier({
      issuers: { ...bare, jwksUri },
      clock,
      jwks: { fetch: async () => new Response(null, { status: 500 }) },
    })
    .verify(token);

const ROWS: Readonly<Record<string, Row>> = {
  createVerifier: [edge.createVerifier, () => [options()]],
  verify: [(given: never) => edge.createVerifier(given).verify(token), () => [options()]],
  prime: [(given: never) => edge.createVerifier(given).prime(), () => [options()]],
  resolver: [
    (given: never) => edge.createVerifier({ issuers: () => given, clock }).verify(token),
    () => [issuer()],
  ],
  "verifier.verify": [verifier.verify.bind(verifier), () => [token, context]],
  "verifier.explain": [verifier.explain.bind(verifier), () => [token]],
  "verifier.authenticate": [
    verifier.authenticate.bind(verifier),
    () => [request(), policy(), context],
  ],
  "verifier.authenticate, no policy": [
    verifier.authenticate.bind(verifier),
    () => [request(), undefined, context],
  ],
  "verifier.guard": [verifier.guard.bind(verifier), () => [() => new Response(""), policy()]],
  guarded: [verifier.guard(() => new Response("")), () => [request(), {}, context]],
  "guarded, its policy by a function": [
    (given: never) =>
      verifier.guard(
        () => new Response(""),
        () => given,
      )(request(), {}, context),
    () => [policy()],
  ],
  "verifier.authorize": [plain.authorize.bind(plain), () => [byHand(), bareOf(), request()]],
  "verifier.authorize, ours": [plain.authorize.bind(plain), () => [ours, bareOf(), request()]],
  "error.challenge": [refusal.challenge.bind(refusal), () => [policy()]],
  "error.response": [refusal.response.bind(refusal), () => [policy()]],
  "verifyCompact, a set": [edge.verifyCompact, () => [token, keys, { algorithms: ["ES256"] }]],
  "verifyCompact, a key": [
    edge.verifyCompact,
    () => [token, { ...signer.jwk }, { algorithms: ["ES256"] }],
  ],
  verifyProof: [
    edge.verifyProof,
    () => [
      token,
      { method: "GET", url: AUDIENCE, token },
      {
        algorithms: ["ES256"],
        clock,
        maxProofAge: 60,
        nonce: { secret: new Uint8Array(32), lifetime: 3 },
        replay: { firstUse: () => true },
      },
    ],
  ],
  kvJwksStore: [edge.kvJwksStore, () => [kv(), { prefix: "p" }]],
  cacheJwksStore: [
    edge.cacheJwksStore,
    () => [{ match: async () => undefined, put: async () => undefined }],
  ],
  durableReplay: [edge.durableReplay, () => [{ idFromName: () => 1, get: () => ({}) }]],
  memoryReplay: [edge.memoryReplay, () => [{ max: 5, clock }]],
  kvRevocation: [edge.kvRevocation, () => [kv(), { prefix: "p", cacheTtl: 1, clock }]],
  memoryRevocation: [edge.memoryRevocation, () => [{ max: 5, clock }]],
  "memoryRevocation().revokeToken": [memory.revokeToken, () => [ISSUER, "t1", NOW]],
  "memoryRevocation().revokeSession": [memory.revokeSession, () => [ISSUER, "s1", 5]],
  "memoryRevocation().revokeUser": [memory.revokeUser, () => [ISSUER, "alice", 5, 6]],
  "memoryRevocation().isRevoked": [memory.isRevoked, subject],
  "kvRevocation().revokeUser": [inKv.revokeUser, () => [ISSUER, "alice", 5, 6]],
  "kvRevocation().isRevoked": [inKv.isRevoked, subject],
  auditOf: [edge.auditOf, () => [byHand()]],
  "auditOf, ours": [edge.auditOf, () => [ours]],
  mayAct: [edge.mayAct, () => [byHand(), { issuer: ISSUER, subject: "bob" }]],
  discover: [
    (given: never) => finding(discover(given)),
    () => [{ type: "oidc", keyOrigins: [ISSUER], maxBytes: 5 }],
  ],
  pemMap: [(given: never) => finding(pemMap(given)), () => [`${ISSUER}/keys`]],
  pemPerKey: [(given: never) => finding(pemPerKey(given)), () => [`${ISSUER}/keys`]],
  protectedResource: [protectedResource, () => [metadata()]],
  redisJwksStore: [redis.redisJwksStore, () => [client, { prefix: "p", timeout: 5 }]],
  redisKeyValue: [redis.redisKeyValue, () => [client, { prefix: "p", timeout: 5 }]],
  redisReplay: [redis.redisReplay, () => [client, { prefix: "p", timeout: 5, clock }]],
  redisRevocation: [
    redis.redisRevocation,
    () => [client, { prefix: "p", timeout: 5, clock, cacheTtl: 0 }],
  ],
  redisSessions: [redis.redisSessions, () => [client, { prefix: "p", timeout: 5 }]],
  "redisRevocation().revokeUser": [inRedis.revokeUser, () => [ISSUER, "alice", 5, 6]],
  "redisRevocation().isRevoked": [inRedis.isRevoked, subject],
  logoutReceiver: [logoutReceiver, () => [logout()]],
  verifyLogoutToken: [verifyLogoutToken, () => [token, logout(), context]],
  introspection: [
    (given: never) => edge.createVerifier({ issuers: [], introspection: introspection(given) }),
    () => [asker()],
  ],
  decryption: [jwe.decryption, () => [{ keys: recipients(), ...algorithms }]],
  "the option encryption": [
    (encryption: never) =>
      edge.createVerifier({ issuers: { ...bare, jwks: keys }, clock, encryption }).verify(token),
    () => [jwe.decryption({ keys: [{ key: own }], keyManagement: ["ECDH-ES"] })],
  ],
  publicKeys: [jwe.publicKeys, () => [recipients()]],
  decryptCompact: [jwe.decryptCompact, () => ["a.b.c.d.e", [{ key: own }], algorithms]],
};

type Path = readonly string[];

/** The places of plain data in which something else may stand. */
function* placesIn(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== "object" || value === null || path.length > 4) return;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return;
  for (const [name, member] of Object.entries(value)) {
    yield [...path, name];
    yield* placesIn(member, [...path, name]);
  }
}

/** A copy of what lies on the way to a place, with another member there. */
function changed(value: object, path: Path, member: PropertyDescriptor): object {
  const [name = "", ...rest] = path;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const below = (copy as Record<string, object>)[name] ?? {};
  Object.defineProperty(
    copy,
    name,
    rest.length === 0
      ? { ...member, enumerable: true, configurable: true }
      : { value: changed(below, rest, member), enumerable: true, configurable: true },
  );
  return copy;
}

for (const [name, [call, args]] of Object.entries(ROWS))
  test(`edge_G355_wrong_types_are_told_by_a_typed_error, ${name}`, async () => {
    const raw: string[] = [];
    const tried = async (what: string, given: Args) => {
      try {
        await call(...(given as never[]));
      } catch (error) {
        if (!(error instanceof edge.VerifyError)) raw.push(`${what}: ${String(error)}`);
        else if (/trap of the application/.test(error.message)) raw.push(`${what} is repeated`);
      }
    };
    await tried("nothing", []);
    for (const path of placesIn(args())) {
      for (const [what, make] of Object.entries(ODD))
        await tried(
          `${what} as ${path.join(".")}`,
          changed(args(), path, { value: make() }) as unknown[],
        );
      // An argument is no getter.
      if (path.length > 1)
        await tried(
          `a getter as ${path.join(".")}`,
          changed(args(), path, { get: trap }) as unknown[],
        );
    }
    assert.deepEqual(raw, []);
  });

test("edge_G355_names_what_is_wrong_with_a_policy_or_a_request", async () => {
  const wrong = (work: () => unknown) =>
    assert.rejects(async () => work(), {
      name: "VerifyError",
      code: "config_invalid",
      status: 500,
    });
  for (const given of [{ scopes: "read" }, { acr: "1" }, { realm: 7 }, { maxAge: "x" }, null]) {
    await wrong(() => refusal.challenge(given as never));
    await wrong(() => refusal.response(given as never));
    await wrong(() => verifier.authenticate(request(), given as never));
  }
  // Node's own has headers of another kind.
  for (const given of [null, undefined, 7, {}, { headers: { authorization: "Bearer a.b.c" } }]) {
    await wrong(() => verifier.authenticate(given as never));
    const answer = await verifier.guard(() => new Response("in"))(given as never, {}, context);
    assert.equal(answer.status, 500);
  }
});
