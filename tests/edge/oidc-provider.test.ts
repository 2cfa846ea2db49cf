// Against an authority that nobody here wrote: the certified oidc-provider issues access tokens of RFC 9068 through the client
// credentials flow; discovery and key set are its own, and its keys rotate while requests run.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider from "oidc-provider";
import { createVerifier, type Verifier, VerifyError } from "tokenkeep/edge";

const RESOURCE = "https://api.example";
const CLIENT = { client_id: "service", client_secret: "a-secret-of-the-test-and-of-nothing-else" };

let answer: RequestListener = (_request, response) => response.end();
const server = createServer((request, response) => answer(request, response));
let issuer = "";
let keys: JWK[] = [];

async function privateKey(kid: string): Promise<JWK> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(pair.privateKey)), kid, alg: "ES256", use: "sig" };
}

/** The provider with these keys, the first of which signs; others stay published. */
function serveWith(...wanted: JWK[]): void {
  keys = wanted;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, grant_types: ["client_credentials"], redirect_uris: [], response_types: [], id_token_signed_response_alg: "ES256" }],
    jwks: { keys: keys as never },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "read write", audience: RESOURCE, accessTokenFormat: "jwt", accessTokenTTL: 300, jwt: { sign: { alg: "ES256" } } }),
      },
    },
  });
  answer = provider.callback();
}

async function tokenOf(): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${CLIENT.client_id}:${CLIENT.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "read", resource: RESOURCE }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as { access_token: string }).access_token;
}

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  serveWith(await privateKey("first"));
});
after(() => new Promise((resolve) => server.close(resolve)));

async function verifierFor(clock: () => number): Promise<Verifier> {
  const discovered = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as { issuer: string; jwks_uri: string };
  assert.equal(discovered.issuer, issuer);
  return createVerifier({
    issuers: { issuer, audience: RESOURCE, algorithms: ["ES256"], jwksUri: discovered.jwks_uri },
    profile: "access-token",
    clock,
  });
}

test("edge_interop_takes_the_access_tokens_of_oidc_provider_and_follows_its_rotation", async () => {
  let ahead = 0;
  const verifier = await verifierFor(() => Date.now() + ahead);
  const first = await tokenOf();
  const { claims, key, scopes } = await verifier.verify(first);
  assert.deepEqual([claims["client_id"], key.kid, [...scopes]], ["service", "first", ["read"]]);

  serveWith(await privateKey("second"), ...keys);
  ahead = 31_000;
  const tokens = await Promise.all(Array.from({ length: 10 }, tokenOf));
  const verified = await Promise.all([...tokens, first].map((token) => verifier.verify(token)));
  assert.deepEqual([...new Set(verified.map((one) => one.key.kid))].sort(), ["first", "second"]);

  serveWith(...keys.slice(0, 1));
  ahead += 31_000;
  await verifier.prime();
  await assert.rejects(
    (async () => {
      // A kid that nobody has makes the verifier look again; then the first key is gone.
      const [, payload, signature] = first.split(".");
      const header = btoa(JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "third" })).replace(/=+$/, "");
      await verifier.verify(`${header}.${payload}.${signature}`).catch(() => undefined);
      await verifier.verify(first);
    })(),
    (error) => error instanceof VerifyError && error.code === "key.unknown",
  );
  await verifier.verify(tokens[0] ?? "");
});

test("edge_interop_refuses_what_another_instance_of_it_issued", async () => {
  const verifier = await verifierFor(() => Date.now());
  const good = await tokenOf();
  await verifier.verify(good);
  serveWith(await privateKey("second"));
  const forged = await tokenOf();
  await assert.rejects(verifier.verify(forged), (error) => error instanceof VerifyError && error.status === 401);
});
