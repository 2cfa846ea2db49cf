// Against a provider that nobody here wrote: the certified oidc-provider says what its opaque
// tokens are, in plain answers and in signed ones.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { createVerifier, type Verifier, type VerifierEvent, VerifyError } from "tokenkeep/edge";
import { type IntrospectionOptions, introspection } from "tokenkeep/introspection";

const RESOURCE = "https://api.example";
const OTHER = "https://other.example";
const SECRET = "a-secret-of-the-test:and-of-nothing-else";

let answer: RequestListener = (_request, response) => response.end();
let introspections = 0;
const server = createServer((request, response) => {
  if (request.url === "/token/introspection") introspections += 1;
  answer(request, response);
});
let issuer = "";
let provider: Provider;
let assertionKey: CryptoKey;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: "first", alg: "ES256", use: "sig" };
  const ofApi = await generateKeyPair("ES256", { extractable: true });
  assertionKey = ofApi.privateKey as CryptoKey;
  const none = { redirect_uris: [], response_types: [], grant_types: [] };
  const resourceServer = (format: "opaque" | "jwt", audience: string) => ({
    scope: "read write",
    audience,
    accessTokenFormat: format,
    accessTokenTTL: 3_600,
    jwt: { sign: { alg: "ES256" as const } },
  });
  provider = new Provider(issuer, {
    clientDefaults: {
      id_token_signed_response_alg: "ES256",
      introspection_signed_response_alg: "ES256",
    },
    clients: [
      {
        client_id: "service",
        client_secret: SECRET,
        ...none,
        grant_types: ["client_credentials"],
      },
      {
        client_id: "app",
        token_endpoint_auth_method: "none",
        redirect_uris: ["https://app.example/callback"],
        grant_types: ["authorization_code", "refresh_token"],
      },
      ...(["client_secret_basic", "client_secret_post"] as const).map((method) => ({
        client_id: method,
        client_secret: SECRET,
        token_endpoint_auth_method: method,
        ...none,
      })),
      {
        client_id: "private_key_jwt",
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "ES256",
        jwks: { keys: [{ ...(await exportJWK(ofApi.publicKey)), kid: "api" } as never] },
        ...none,
      },
    ],
    jwks: { keys: [key as never] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) =>
          resource.endsWith("/jwt")
            ? resourceServer("jwt", RESOURCE)
            : resourceServer("opaque", resource),
      },
    },
  });
  answer = provider.callback();
});
after(() => new Promise((resolve) => server.close(resolve)));

async function tokenFor(resource = RESOURCE): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`service:${encodeURIComponent(SECRET)}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "read", resource }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as { access_token: string }).access_token;
}

/** A refresh token as the provider keeps it for a user, and an access token beside it. */
async function tokensOfAlice(): Promise<{ access: string; refresh: string }> {
  const client = await provider.Client.find("app");
  assert.ok(client !== undefined);
  const grant = new provider.Grant({ accountId: "alice", clientId: "app" });
  grant.addOIDCScope("openid offline_access");
  grant.addResourceScope(RESOURCE, "read");
  const of = { accountId: "alice", client, grantId: await grant.save(), gty: "authorization_code" };
  const access = new provider.AccessToken({ ...of, scope: "read", aud: RESOURCE } as never);
  const refresh = new provider.RefreshToken({ ...of, scope: "openid offline_access" } as never);
  return { access: await access.save(), refresh: await refresh.save() };
}

interface Made {
  readonly verifier: Verifier;
  readonly events: VerifierEvent[];
  move(seconds: number): void;
}

function made(more: Partial<IntrospectionOptions> = {}): Made {
  const events: VerifierEvent[] = [];
  let offset = 0;
  const verifier = createVerifier({
    issuers: {
      issuer,
      audience: RESOURCE,
      algorithms: ["ES256"],
      jwksUri: `${issuer}/jwks`,
    },
    clock: () => Date.now() + offset,
    onEvent: (event) => events.push(event),
    introspection: introspection({
      issuer,
      audience: RESOURCE,
      client: {
        id: "client_secret_basic",
        auth: { method: "client_secret_basic", secret: SECRET },
      },
      ...more,
    }),
  });
  return { verifier, events, move: (seconds) => void (offset += seconds * 1000) };
}

async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof VerifyError, String(error));
    assert.equal(error.code, code);
    return true;
  });
}

const CLIENTS: readonly IntrospectionOptions["client"][] = [
  { id: "client_secret_basic", auth: { method: "client_secret_basic", secret: SECRET } },
  { id: "client_secret_post", auth: { method: "client_secret_post", secret: SECRET } },
];

test("edge_V1_takes_the_opaque_tokens_of_oidc_provider_by_every_way_to_say_who_asks", async () => {
  const withKey: IntrospectionOptions["client"] = {
    id: "private_key_jwt",
    auth: { method: "private_key_jwt", key: assertionKey, kid: "api", typ: null },
  };
  for (const client of [...CLIENTS, withKey]) {
    const { verifier } = made({ client });
    const auth = await verifier.verify(await tokenFor());
    assert.deepEqual(
      [auth.issuer, auth.claims["client_id"], auth.claims.aud, [...auth.scopes]],
      [issuer, "service", RESOURCE, ["read"]],
      client.id,
    );
  }
});

test("edge_V2_refuses_what_oidc_provider_has_revoked_or_never_issued", async () => {
  const { verifier, move } = made();
  const token = await tokenFor();
  await verifier.verify(token);
  const before = introspections;
  const revoke = await fetch(`${issuer}/token/revocation`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`service:${encodeURIComponent(SECRET)}`)}` },
    body: new URLSearchParams({ token }),
  });
  assert.equal(revoke.status, 200);
  assert.equal((await verifier.verify(token)).cached, true, "for the time to live");
  assert.equal(introspections, before);
  const request = new Request("https://api.example/", {
    headers: { Authorization: `Bearer ${token}` },
  });
  await refused(verifier.authenticate(request, { fresh: true }), "token.inactive");
  await refused(verifier.verify(token), "token.inactive");
  move(31);
  await refused(verifier.verify(token), "token.inactive");
  await refused(verifier.verify("a-token-that-nobody-issued"), "token.inactive");
});

test("edge_V4_refuses_a_token_of_oidc_provider_for_another_api", async () => {
  await refused(made().verifier.verify(await tokenFor(OTHER)), "claim.aud");
});

test("edge_V5_refuses_the_refresh_tokens_of_oidc_provider", async () => {
  const { access, refresh } = await tokensOfAlice();
  const { verifier } = made();
  assert.equal((await verifier.verify(access)).claims.sub, "alice");
  // It is active, and has neither `aud` nor `token_type`.
  const before = introspections;
  await refused(verifier.verify(refresh), "claim.aud");
  await refused(verifier.verify(refresh), "claim.aud");
  assert.equal(introspections, before + 1);
  await refused(made({ allowNoAudience: true }).verifier.verify(refresh), "claim.token_type");
  const lax = { allowNoAudience: true, allowNoTokenType: true };
  const { claims } = await made(lax).verifier.verify(refresh);
  assert.equal(claims.sub, "alice", "whoever allows both lets it in");
});

test("edge_V11_tells_that_oidc_provider_does_not_know_the_client", async () => {
  const auth = { method: "client_secret_basic", secret: "another-secret" } as const;
  for (const id of ["client_secret_basic", "nobody"])
    await refused(
      made({ client: { id, auth } }).verifier.verify(await tokenFor()),
      "introspection.unauthorized",
    );
});

test("edge_V12_takes_the_signed_answers_of_oidc_provider_by_the_verifiers_own_jws_layer", async () => {
  for (const client of CLIENTS) {
    for (const jwksUri of [undefined, `${issuer}/jwks`]) {
      const jwt = { algorithms: ["ES256"] as const, ...(jwksUri && { jwksUri }) };
      const { verifier } = made({ client, answer: { jwt } });
      const auth = await verifier.verify(await tokenFor());
      assert.deepEqual([auth.claims["client_id"], [...auth.scopes]], ["service", ["read"]]);
      await refused(verifier.verify("a-token-that-nobody-issued"), "token.inactive");
    }
  }
  const rsa = { jwt: { algorithms: ["RS256"] as const } };
  await refused(made({ answer: rsa }).verifier.verify(await tokenFor()), "introspection.malformed");
});

test("edge_V13_verifies_the_jwts_of_oidc_provider_without_asking", async () => {
  const { verifier } = made();
  const jwt = await tokenFor(`${RESOURCE}/jwt`);
  assert.equal(jwt.split(".").length, 3);
  const before = introspections;
  assert.equal((await verifier.verify(jwt)).key.kid, "first");
  await refused(verifier.verify(`${jwt}x`), "token.malformed");
  assert.equal(introspections, before);
  // It says 400 of its own JWTs: whoever is to be asked about them must know them.
  const request = new Request("https://api.example/", {
    headers: { Authorization: `Bearer ${jwt}` },
  });
  await refused(verifier.authenticate(request, { fresh: true }), "introspection.refused");
  await verifier.verify(await tokenFor());
});
