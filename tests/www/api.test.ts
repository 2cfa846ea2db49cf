// The protected API over HTTP: which tokens it takes, and how it answers the others.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CryptoKey,
  decodeJwt,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  SignJWT,
} from "jose";
import { authorization, useStack, Visitor } from "./harness.ts";

const REFUSAL =
  'Bearer realm="api", error="invalid_token", error_description="The access token is not valid.", ' +
  'DPoP algs="ES256 EdDSA"';

describe("the API", () => {
  const stack = useStack();
  const me = (headers: Record<string, string>) =>
    fetch(`${stack().api}/api/me`, { headers: { Origin: stack().app, ...headers } });
  let accessToken = "";
  before(async () => {
    accessToken = (await new Visitor(stack()).signIn()).access_token;
  });

  test("lets the authority's token in, and knows whose it is", async () => {
    const response = await me(authorization(accessToken));
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as { name: string }).name, "Alice Adair");
    const time = await fetch(`${stack().api}/api/time`, { headers: authorization(accessToken) });
    assert.ok(
      Math.abs(Date.parse(((await time.json()) as { time: string }).time) - Date.now()) < 60_000,
    );
  });

  test("answers no token with a bare challenge, as RFC 6750 wants it", async () => {
    const response = await me({});
    assert.equal(response.status, 401);
    assert.equal(
      response.headers.get("WWW-Authenticate"),
      'Bearer realm="api", DPoP algs="ES256 EdDSA"',
    );
  });

  test("answers 400 to what carries no bearer token", async () => {
    for (const value of ["Basic YTpi", "Bearer", "Bearer a b"]) {
      const response = await me({ Authorization: value });
      assert.equal(response.status, 400, value);
      assert.match(
        response.headers.get("WWW-Authenticate") ?? "",
        /^Bearer realm="api", error="invalid_request"/,
      );
    }
  });

  test("refuses a token once it is revoked in KV, and no other", async () => {
    const visitor = new Visitor(stack());
    const { access_token: token } = await visitor.signIn();
    assert.equal((await me(authorization(token))).status, 200);
    const revoked = await fetch(`${stack().api}/demo/revoke`, {
      method: "POST",
      headers: authorization(token),
    });
    assert.equal(revoked.status, 204);
    const response = await me(authorization(token));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("WWW-Authenticate"), REFUSAL);
    assert.equal((await me(authorization((await visitor.refresh()).access_token))).status, 200);
  });

  test("refuses what isn't the authority's signature over these very bytes", async () => {
    const [header = "", payload = "", signature = ""] = accessToken.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<
      string,
      unknown
    >;
    const kid = (JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string }).kid;
    const stranger = await generateKeyPair("ES256");
    const forged = {
      "alg none, no signature": `${encode({ alg: "none", typ: "at+jwt" })}.${payload}.`,
      "alg none, the old signature": `${encode({ alg: "none", typ: "at+jwt", kid })}.${payload}.${signature}`,
      "claims changed": `${header}.${encode({ ...claims, sub: "somebody else" })}.${signature}`,
      "another's key under the same kid": await new SignJWT(claims)
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid })
        .sign(stranger.privateKey),
      "the public key as a MAC secret": await macWithPublicKey(claims, stack().authority),
      "no token at all": "abc",
    };
    for (const [name, token] of Object.entries(forged)) {
      const response = await me(authorization(token));
      assert.equal(response.status, 401, name);
      assert.equal(response.headers.get("WWW-Authenticate"), REFUSAL, name);
      assert.deepEqual(
        await response.json(),
        { error: "invalid_token" },
        "the answer doesn't say which check failed",
      );
    }
  });

  test("refuses a token once it has expired", async () => {
    const visitor = new Visitor(stack());
    await visitor.post("/demo/settings", { body: { accessTokenSeconds: 6 } });
    const { access_token: token, expires_in: lifetime } = await visitor.signIn();
    await visitor.post("/demo/settings", { body: { accessTokenSeconds: 900 } });
    assert.equal(lifetime, 6);
    assert.equal((await me(authorization(token))).status, 200);
    await sleep(Number(decodeJwt(token).exp) * 1000 - Date.now() + 20);
    const response = await me(authorization(token));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("WWW-Authenticate"), REFUSAL);
  });

  test("gives back the bytes that it was posted, and never as a document", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    const response = await fetch(`${stack().api}/api/echo`, {
      method: "POST",
      headers: { ...authorization(accessToken), "Content-Type": "text/html" },
      body: bytes,
    });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
    assert.equal(response.headers.get("Content-Type"), "application/octet-stream");
    assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
  });

  test("takes no body over a mebibyte", async () => {
    const response = await fetch(`${stack().api}/api/echo`, {
      method: "POST",
      headers: authorization(accessToken),
      body: new Uint8Array(1024 * 1024 + 1),
    });
    assert.equal(response.status, 413);
  });

  test("lets the app's page see a challenge, and no other page", async () => {
    const refusal = await me({});
    assert.equal(refusal.headers.get("Access-Control-Allow-Origin"), stack().app);
    assert.equal(
      refusal.headers.get("Access-Control-Expose-Headers")?.replaceAll(" ", ""),
      "WWW-Authenticate,Retry-After,DPoP-Nonce,Date",
    );
    const foreign = await me({ Origin: "https://evil.example" });
    assert.equal(foreign.headers.get("Access-Control-Allow-Origin"), null);
    const preflight = await fetch(`${stack().api}/api/echo`, {
      method: "OPTIONS",
      headers: {
        Origin: stack().app,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
      },
    });
    assert.equal(preflight.status, 204);
    assert.match(
      (preflight.headers.get("Access-Control-Allow-Headers") ?? "").toLowerCase(),
      /\bauthorization\b/,
    );
  });
});

describe("an API beside an authority that issues for another one", () => {
  const stack = useStack({ bindings: { authority: { AUDIENCE: "https://other.example" } } });

  test("refuses its tokens, though issuer and signature are right", async () => {
    const { access_token: token } = await new Visitor(stack()).signIn();
    const response = await fetch(`${stack().api}/api/me`, { headers: authorization(token) });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("WWW-Authenticate"), REFUSAL);
  });
});

describe("an API that can't get the key set", () => {
  const stack = useStack({
    bindings: {
      authority: { ISSUER: "http://localhost:1/none" },
      api: { ISSUER: "http://localhost:1/none" },
    },
  });

  test("answers 503 and when to come back, never 401: the token may be good", async () => {
    const { access_token: token } = await new Visitor(stack()).signIn();
    const response = await fetch(`${stack().api}/api/me`, {
      headers: { Origin: stack().app, ...authorization(token) },
    });
    assert.equal(response.status, 503);
    assert.match(response.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), stack().app);
    assert.deepEqual(await response.json(), { error: "temporarily_unavailable" });
  });
});

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * The classic confusion of keys: the public key, as everybody can write it down, is the secret of
 * an HS256 token.
 */
async function macWithPublicKey(
  claims: Record<string, unknown>,
  authority: string,
): Promise<string> {
  const { keys } = (await (
    await fetch(`${authority}/.well-known/jwks.json`)
  ).json()) as JSONWebKeySet;
  const [jwk] = keys;
  if (jwk?.kid === undefined) throw new Error("the key set is empty");
  const publicKey = (await importJWK(jwk, "ES256")) as CryptoKey;
  const secret = new TextEncoder().encode(await exportSPKI(publicKey));
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: jwk.kid })
    .sign(secret);
}
