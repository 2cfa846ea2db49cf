// The rules by which the API judges a token, one by one, with a key of the test's own: over HTTP the authority would never sign these.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { judge } from "../../www/api/access-tokens.ts";

const ISSUER = "https://authority.example";
const AUDIENCE = "https://api.example";
const { publicKey, privateKey } = await generateKeyPair("ES256");
const rsa = await generateKeyPair("RS256");
const keys = createLocalJWKSet({
  keys: [
    { ...(await exportJWK(publicKey)), kid: "ec", alg: "ES256", use: "sig" },
    { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256", use: "sig" },
  ],
});

const now = Math.floor(Date.now() / 1000);
const GOOD: JWTPayload = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "alice",
  jti: "1",
  client_id: "app",
  iat: now,
  exp: now + 60,
};

function signed(claims: JWTPayload, header: { alg?: string; typ?: string; kid?: string } = {}): Promise<string> {
  const { alg = "ES256", ...rest } = header;
  return new SignJWT(claims)
    .setProtectedHeader({ alg, typ: "at+jwt", kid: "ec", ...rest })
    .sign(alg === "RS256" ? rsa.privateKey : privateKey);
}

const verdict = async (token: string) => judge(token, ISSUER, AUDIENCE, keys);

test("a token that meets every rule is accepted with its claims", async () => {
  assert.deepEqual(await verdict(await signed(GOOD)), { accepted: GOOD });
});

const without = (claim: keyof typeof GOOD) => Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== claim));

const FAULTS: Record<string, () => Promise<string>> = {
  "of another issuer": () => signed({ ...GOOD, iss: "https://other.example" }),
  "for another audience": () => signed({ ...GOOD, aud: "https://other.example" }),
  "that has expired": () => signed({ ...GOOD, exp: now - 1 }),
  "that isn't valid yet": () => signed({ ...GOOD, nbf: now + 60 }),
  "of another type": () => signed(GOOD, { typ: "JWT" }),
  "of an algorithm that isn't listed, though its key is in the set": () => signed(GOOD, { alg: "RS256", kid: "rsa" }),
  "of an unknown key": () => signed(GOOD, { kid: "unknown" }),
  "without iss": () => signed(without("iss")),
  "without aud": () => signed(without("aud")),
  "without sub": () => signed(without("sub")),
  "without jti": () => signed(without("jti")),
  "without client_id": () => signed(without("client_id")),
  "without exp": () => signed(without("exp")),
  "without iat": () => signed(without("iat")),
};

for (const [what, make] of Object.entries(FAULTS)) {
  test(`a token ${what} is refused`, async () => {
    assert.ok("refused" in (await verdict(await make())));
  });
}

test("keys out of reach are no fault of the token: the judgement fails instead", async () => {
  const unreachable = () => Promise.reject(new TypeError("fetch failed"));
  await assert.rejects(judge(await signed(GOOD), ISSUER, AUDIENCE, unreachable), TypeError);
});
