// Encrypted access tokens of an authority that nobody here wrote: the certified oidc-provider
// issues one for each algorithm that tokenkeep/jwe knows. Each resource server of it is an API with
// a key of its own.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider from "oidc-provider";
import { createVerifier, VerifyError } from "tokenkeep/edge";
import {
  type ContentEncryption,
  type DecryptionKey,
  decryption,
  type KeyManagement,
} from "tokenkeep/jwe";
import { CONTENT_ENCRYPTION, KEY_MANAGEMENT } from "./suite/jwe-algorithms.ts";

const CLIENT = { client_id: "service", client_secret: "a-secret-of-the-test-and-of-nothing-else" };

interface Api {
  readonly alg: KeyManagement;
  readonly enc: ContentEncryption;
  /** What the provider encrypts with. */
  readonly theirs: CryptoKey | Uint8Array;
  readonly own: DecryptionKey["key"];
}

const apis = new Map<string, Api>();

const CURVES = ["P-256", "P-384", "P-521", "X25519"];
const SECRETS: Readonly<Record<string, number>> = {
  "dir A128GCM": 16,
  "dir A256GCM": 32,
  "dir A128CBC-HS256": 32,
  "dir A256CBC-HS512": 64,
  A128KW: 16,
  A256KW: 32,
};

async function apiFor(alg: KeyManagement, enc: ContentEncryption, crv?: string): Promise<Api> {
  const bytes = SECRETS[alg] ?? SECRETS[`${alg} ${enc}`];
  if (bytes !== undefined) {
    const theirs = crypto.getRandomValues(new Uint8Array(bytes));
    const own = { kty: "oct", k: Buffer.from(theirs).toString("base64url") };
    return { alg, enc, theirs, own };
  }
  const options = crv === undefined ? {} : { crv };
  const pair = await generateKeyPair(alg, { ...options, extractable: true });
  return { alg, enc, theirs: pair.publicKey, own: { ...(await exportJWK(pair.privateKey)) } };
}

const server = createServer();
let issuer = "";

async function signingKey(): Promise<JWK> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(pair.privateKey)), kid: "signs", alg: "ES256", use: "sig" };
}

before(async () => {
  for (const alg of KEY_MANAGEMENT)
    for (const enc of CONTENT_ENCRYPTION)
      for (const crv of alg.startsWith("ECDH") ? CURVES : [undefined])
        apis.set(`https://api.example/${alg}/${enc}/${crv}`, await apiFor(alg, enc, crv));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        ...CLIENT,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [await signingKey()] as never },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => {
          const { alg, enc, theirs } = apis.get(resource) as Api;
          return {
            scope: "read",
            audience: resource,
            accessTokenFormat: "jwt",
            accessTokenTTL: 3_600,
            jwt: {
              sign: { alg: "ES256" },
              encrypt: { alg, enc, key: theirs as never, kid: "opens" },
            },
          };
        },
      },
    },
  });
  server.on("request", provider.callback());
});
after(() => new Promise((resolve) => server.close(resolve)));

async function tokenFor(resource: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${CLIENT.client_id}:${CLIENT.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "read", resource }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as { access_token: string }).access_token;
}

test("edge_X2_takes_the_encrypted_access_tokens_of_oidc_provider_of_every_algorithm", async () => {
  assert.equal(apis.size, 68);
  for (const [audience, { alg, enc, own }] of apis) {
    const verifier = createVerifier({
      issuers: {
        issuer,
        audience,
        algorithms: ["ES256"],
        jwksUri: `${issuer}/jwks`,
        encrypted: "required",
      },
      profile: "access-token",
      encryption: decryption({
        keys: [{ key: own, kid: "opens", issuer }],
        keyManagement: [alg],
        contentEncryption: [enc],
      }),
    });
    const token = await tokenFor(audience);
    const header = JSON.parse(atob(token.split(".")[0] ?? "")) as Record<string, unknown>;
    assert.deepEqual([header["alg"], header["enc"], header["cty"]], [alg, enc, "at+jwt"]);
    assert.deepEqual([header["iss"], header["aud"]], [issuer, audience], "as RFC 7519 allows");
    for (const cached of [false, true]) {
      const found = await verifier.verify(token);
      assert.deepEqual([found.claims["client_id"], found.cached], ["service", cached], audience);
    }
    const other = createVerifier({
      issuers: { issuer, audience, algorithms: ["ES256"], jwksUri: `${issuer}/jwks` },
    });
    await assert.rejects(
      other.verify(token),
      (error) => error instanceof VerifyError && error.code === "token.encrypted_unsupported",
    );
  }
});
