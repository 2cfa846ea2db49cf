// Against an authorization server that nobody here wrote: the certified oidc-provider. Client
// credentials and the client's authentication are its own; the exchange (RFC 8693) is registered as
// its documentation tells. The verifier reads the tokens.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider, { errors } from "oidc-provider";
import { discover } from "tokenkeep/discovery";
import { createVerifier, type Verifier } from "tokenkeep/edge";
import { createServiceTokens, type ServiceOptions, ServiceTokenError } from "tokenkeep/service";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ORDERS = "https://orders.example";
const STOCK = "https://stock.example";

let answer: RequestListener = () => undefined;
const grants: string[] = [];
const server = createServer((request, response) => answer(request, response));
let issuer = "";
let keys: Record<string, JWK> = {};

async function keyOf(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "ES256", use: "sig" };
}
/** The types leave out what its constructor takes. */
type ResourceServerClass = new (name: string, info: object) => never;

const resourceServer = (resource: string) => ({
  scope: "stock:read stock:write",
  audience: resource,
  accessTokenFormat: "jwt" as const,
  accessTokenTTL: 600,
  jwt: { sign: { alg: "ES256" as const } },
});
const publicOf = ({ d: _, ...jwk }: JWK) => jwk;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  keys = { provider: await keyOf("provider"), orders: await keyOf("orders") };
  const common = {
    grant_types: ["client_credentials", EXCHANGE],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: "ES256" as const,
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...common,
        client_id: "orders",
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [publicOf(keys["orders"] as JWK)] as never },
      },
      { ...common, client_id: "basic", client_secret: "a-secret:of+the test" },
      {
        ...common,
        client_id: "post",
        client_secret: "a-secret-of-the-post",
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    jwks: { keys: [keys["provider"]] as never },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => ORDERS,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => resourceServer(resource),
      },
    },
    extraTokenClaims: (_context, token) => {
      const { extra } = token as unknown as { extra?: Record<string, unknown> };
      return extra?.["act"] === undefined ? undefined : { act: extra["act"] };
    },
  });
  provider.registerGrantType<Record<string, string>>(
    EXCHANGE,
    async (context) => {
      const { params, client, provider: itself } = context.oidc;
      const verifier = createVerifier({
        issuers: { issuer, audience: ORDERS, algorithms: ["ES256"], jwksUri: discover() },
      });
      const subject = await verifier.verify(params["subject_token"] ?? "").catch(() => null);
      if (subject === null) throw new errors.InvalidGrant("the subject token is not good");
      const { sub, act } = subject.claims;
      const token = new itself.AccessToken({
        client,
        accountId: String(sub),
        grantId: "none",
        gty: "token-exchange",
        scope: params["scope"],
        expiresIn: 300,
        extra: { act: { sub: client.clientId, ...(act === undefined ? {} : { act }) } },
      } as never);
      const resource = String(params["resource"]);
      token.resourceServer = new (itself.ResourceServer as never as ResourceServerClass)(
        resource,
        resourceServer(resource),
      );
      context.body = {
        access_token: await token.save(),
        issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        token_type: "Bearer",
        expires_in: 300,
        scope: params["scope"],
      };
    },
    [
      "subject_token",
      "subject_token_type",
      "requested_token_type",
      "actor_token",
      "actor_token_type",
      "audience",
      "resource",
      "scope",
    ],
  );
  const callback = provider.callback();
  answer = (request, response) => {
    if (request.url === "/token") grants.push(request.url);
    return callback(request, response);
  };
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** An API that says what the verifier reads in the token. */
function stockAt(audience: string): {
  verifier: Verifier;
  transport(request: Request): Promise<Response>;
} {
  const verifier = createVerifier({
    issuers: { issuer, audience, algorithms: ["ES256"], jwksUri: discover() },
    profile: "access-token",
  });
  const guarded = verifier.guard((_request, _env, _context, { claims, scopes, actors = [] }) =>
    Response.json({
      sub: claims.sub,
      client: claims["client_id"],
      aud: claims.aud,
      scopes: [...scopes],
      actors: actors.map(({ subject }) => subject),
    }),
  );
  const context = { waitUntil: () => undefined };
  return { verifier, transport: (request) => guarded(request, {}, context) };
}

const byKey = (): ServiceOptions["client"] => ({
  id: "orders",
  auth: { method: "private_key_jwt", key: keys["orders"] as JWK as never },
});

for (const [name, client] of [
  ["private_key_jwt", byKey],
  [
    "client_secret_basic",
    () => ({
      id: "basic",
      auth: { method: "client_secret_basic", secret: "a-secret:of+the test" },
    }),
  ],
  [
    "client_secret_post",
    () => ({ id: "post", auth: { method: "client_secret_post", secret: "a-secret-of-the-post" } }),
  ],
] as [string, () => ServiceOptions["client"]][])
  test(`service_interop_client_credentials_of_oidc_provider, ${name}`, async () => {
    const { transport } = stockAt(STOCK);
    grants.length = 0;
    const tokens = createServiceTokens({
      issuer,
      client: client(),
      targets: { [STOCK]: { resource: STOCK, scopes: ["stock:read"] } },
      transport,
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => tokens.fetch(STOCK)));
    for (const answer of answers)
      assert.deepEqual(await answer.json(), {
        sub: client().id,
        client: client().id,
        aud: STOCK,
        scopes: ["stock:read"],
        actors: [],
      });
    assert.equal(grants.length, 1);
  });

test("service_interop_a_user_is_carried_on_by_an_exchange_at_oidc_provider", async () => {
  const { transport } = stockAt(STOCK);
  const options: ServiceOptions = {
    issuer,
    client: byKey(),
    targets: {
      [STOCK]: { resource: STOCK, scopes: ["stock:read"], actor: true },
      [ORDERS]: { resource: ORDERS, scopes: ["stock:read", "stock:write"] },
    },
    transport,
  };
  const tokens = createServiceTokens(options);
  // The token with which somebody calls this service.
  const inbound = await tokens.withToken(ORDERS, String);
  const request = new Request(ORDERS, { headers: { Authorization: `Bearer ${inbound}` } });
  const auth = await stockAt(ORDERS).verifier.authenticate(request);
  const asUser = tokens.onBehalfOf(request, auth);
  const answer = await asUser.fetch(`${STOCK}/items`);
  assert.deepEqual(await answer.json(), {
    sub: "orders",
    client: "orders",
    aud: STOCK,
    scopes: ["stock:read"],
    actors: ["orders"],
  });
  // The inbound token itself is not for that API.
  const { status } = await transport(new Request(STOCK, request));
  assert.equal(status, 401);
  // A subject that the server does not take.
  const forged = new Request(ORDERS, { headers: { Authorization: `Bearer ${inbound}x` } });
  await assert.rejects(
    tokens.onBehalfOf(forged, auth).fetch(STOCK),
    (error) => error instanceof ServiceTokenError && error.code === "exchange_refused",
  );
});

test("service_interop_a_wrong_key_is_refused_by_oidc_provider", async () => {
  const tokens = createServiceTokens({
    issuer,
    client: {
      id: "orders",
      auth: { method: "private_key_jwt", key: (await keyOf("orders")) as never },
    },
    targets: { [STOCK]: { resource: STOCK } },
  });
  const error = await tokens.fetch(STOCK).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ServiceTokenError);
  assert.deepEqual(
    [error.code, error.error, error.status],
    ["token_refused", "invalid_client", 401],
  );
});
