// How the service proves who it is. An independent library reads the assertions.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from "jose";
import type { ClientAuthentication } from "../../js/oauth/types.ts";
import { ISSUER, play, STOCK } from "./kit.ts";

const with_ = (auth: ClientAuthentication) => play({ options: { client: { id: "orders", auth } } });

test("service_U28_an_assertion_is_for_the_issuer_alone_lives_a_minute_and_is_used_once", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const scene = with_({ method: "private_key_jwt", key: privateKey as CryptoKey, kid: "k1" });
  const ids = new Set<string>();
  for (let count = 0; count < 3; count += 1) {
    await scene.tokens.fetch(STOCK);
    const { form, headers } = scene.asked[count] ?? assert.fail();
    assert.equal(headers.get("Authorization"), null);
    assert.equal(
      form.get("client_assertion_type"),
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
    const { payload, protectedHeader } = await jwtVerify(
      form.get("client_assertion") ?? "",
      publicKey,
      { currentDate: new Date(scene.now()) },
    );
    const { jti, iat = 0, nbf, exp, ...rest } = payload;
    assert.deepEqual(rest, { iss: "orders", sub: "orders", aud: ISSUER });
    assert.deepEqual([iat, nbf, exp], [scene.now() / 1000, iat, iat + 60]);
    assert.deepEqual(protectedHeader, {
      alg: "ES256",
      kid: "k1",
      typ: "client-authentication+jwt",
    });
    ids.add(String(jti));
    scene.pass(600_000);
  }
  assert.equal(ids.size, 3);
});

test("service_U28_typ_null_leaves_it_out", async () => {
  const { privateKey } = await generateKeyPair("ES256");
  const scene = with_({ method: "private_key_jwt", key: privateKey as CryptoKey, typ: null });
  await scene.tokens.fetch(STOCK);
  const header = decodeProtectedHeader(scene.asked[0]?.form.get("client_assertion") ?? "");
  assert.deepEqual(header, { alg: "ES256" });
});

describe("service_U29_a_key_may_be_a_jwk_or_a_crypto_key", () => {
  for (const alg of ["RS256", "PS256", "ES256", "ES384", "Ed25519"])
    test(alg, async () => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(privateKey)), alg };
      for (const key of [privateKey as CryptoKey, jwk]) {
        const scene = with_({ method: "private_key_jwt", key });
        await scene.tokens.fetch(STOCK);
        const { protectedHeader } = await jwtVerify(
          scene.asked[0]?.form.get("client_assertion") ?? "",
          publicKey,
          { audience: ISSUER, currentDate: new Date(scene.now()) },
        );
        assert.equal(protectedHeader.alg, alg);
      }
    });
});
