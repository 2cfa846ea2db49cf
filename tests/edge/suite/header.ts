// Group D: the header.

import assert from "node:assert/strict";
import { exportSPKI, SignJWT } from "jose";
import { type Algorithm, createVerifier, verifyCompact } from "tokenkeep/edge";
import {
  AUDIENCE,
  base64url,
  bench,
  bytesOf,
  claims,
  edge,
  ISSUER,
  keyPair,
  makeKeyPair,
  misconfigured,
  refusal,
  refused,
  sign,
  signRaw,
} from "./kit.ts";

const PAYLOAD = JSON.stringify(claims());
const verify = async (token: string, options: Parameters<typeof bench>[0] = {}) =>
  (await bench(options)).verifier.verify(token);
const withHeader = (header: unknown) =>
  signRaw(typeof header === "string" ? header : JSON.stringify(header), PAYLOAD);

edge("edge_D23_wants_alg_to_be_a_text", async () => {
  for (const header of [
    { kid: "k1" },
    { alg: ["ES256"], kid: "k1" },
    { alg: 1, kid: "k1" },
    { alg: null, kid: "k1" },
    { alg: { a: "ES256" } },
  ]) {
    await refused(verify(await withHeader(header)), "token.malformed", JSON.stringify(header));
  }
  await refused(verify(await withHeader({ alg: "", kid: "k1" })), "alg.not_allowed");
});

edge("edge_D24_knows_no_none", async () => {
  const [, payload = "", signature = ""] = (await sign()).split(".");
  for (const alg of ["none", "None", "NONE", "nOnE", " none", "none "]) {
    const header = base64url(JSON.stringify({ alg, kid: "k1" }));
    await refused(verify(`${header}.${payload}.${signature}`), "alg.not_allowed", alg);
    assert.equal((await refusal(verify(`${header}.${payload}.`))).status, 401, alg);
  }
  misconfigured(() =>
    createVerifier({
      issuers: {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: ["none" as Algorithm],
        jwksUri: `${ISSUER}/k`,
      },
    }),
  );
});

edge("edge_D25_refuses_an_algorithm_outside_the_list_even_with_the_right_key", async () => {
  const rsa = await keyPair("RS256", "r1");
  const ec = await keyPair();
  await refused(
    verify(await sign(claims(), {}, rsa), { keys: [rsa.jwk, ec.jwk] }),
    "alg.not_allowed",
  );
  await verify(await sign(claims(), {}, rsa), {
    keys: [rsa.jwk, ec.jwk],
    issuer: { algorithms: ["RS256", "ES256"] },
  });
});

edge("edge_D26_takes_no_public_key_for_a_secret", async () => {
  const pair = await keyPair();
  const pem = await exportSPKI(pair.publicKey);
  const der = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const text = (secret: string) => new TextEncoder().encode(secret);
  for (const alg of ["HS256", "HS384", "HS512"]) {
    for (const secret of [
      text(pem),
      text(pem.trim()),
      text(`${pem}\n`),
      der,
      text(JSON.stringify(pair.jwk)),
      bytesOf(pair.jwk.x ?? ""),
      text(pair.jwk.x ?? ""),
    ]) {
      const token = await new SignJWT(claims()).setProtectedHeader({ alg, kid: "k1" }).sign(secret);
      await refused(verify(token), "alg.not_allowed");
    }
  }
  const rsa = await keyPair("RS256", "r1");
  for (const secret of [
    bytesOf(rsa.jwk.n ?? ""),
    text(rsa.jwk.n ?? ""),
    text(await exportSPKI(rsa.publicKey)),
  ]) {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg: "HS256", kid: "r1" })
      .sign(secret);
    await refused(
      verify(token, { keys: [rsa.jwk], issuer: { algorithms: ["RS256"] } }),
      "alg.not_allowed",
    );
    // Nor where the caller hands over the keys: an RSA key is no secret, whatever the list says.
    await refused(verifyCompact(token, rsa.jwk, { algorithms: ["HS256"] }), "key.unknown");
    await refused(
      verifyCompact(token, { ...rsa.jwk, alg: "HS256" }, { algorithms: ["HS256"] }),
      "key.unknown",
    );
  }
});

edge("edge_D27_refuses_an_empty_list_and_a_mixed_one", async () => {
  const make =
    (algorithms: readonly string[], more = {}) =>
    () =>
      createVerifier({
        issuers: {
          issuer: ISSUER,
          audience: AUDIENCE,
          algorithms: algorithms as Algorithm[],
          ...more,
        },
      });
  const secret = new Uint8Array(64);
  misconfigured(make([], { jwksUri: `${ISSUER}/k` }));
  misconfigured(make(["HS256", "ES256"], { secret }));
  misconfigured(make(["ES256"], { secret }), "a secret with another algorithm");
  misconfigured(make(["HS256"], { jwksUri: `${ISSUER}/k` }), "HS256 without a secret");
  misconfigured(make(["HS512"], { secret: new Uint8Array(63) }), "shorter than the hash");
  misconfigured(make(["HS256"], { secret: new Uint8Array(0) }));
  make(["HS512"], { secret })();
});

edge("edge_D27_verifies_HS_with_a_secret_that_is_long_enough", async () => {
  const secret = crypto.getRandomValues(new Uint8Array(48));
  const { verifier, endpoint } = await bench({
    issuer: { algorithms: ["HS256", "HS384"], secret, jwksUri: undefined } as never,
  });
  for (const alg of ["HS256", "HS384"]) {
    const { key } = await verifier.verify(
      await new SignJWT(claims({ alg })).setProtectedHeader({ alg }).sign(secret),
    );
    assert.deepEqual(key, { kid: null, alg, thumbprint: "" });
  }
  await refused(
    verifier.verify(
      await new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(new Uint8Array(48)),
    ),
    "signature.invalid",
  );
  assert.equal(endpoint.fetches, 0);
});

edge("edge_D28_binds_an_RSA_key_to_its_algorithm", async () => {
  const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;
  const base = await keyPair("RS256", "r1");
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", base.privateKey);
  for (const signed of algorithms) {
    const name = signed.startsWith("RS") ? "RSASSA-PKCS1-v1_5" : "RSA-PSS";
    const privateKey = await crypto.subtle.importKey(
      "pkcs8",
      pkcs8,
      { name, hash: `SHA-${signed.slice(2)}` },
      false,
      ["sign"],
    );
    const token = await sign(claims(), { alg: signed }, { ...base, alg: signed, privateKey });
    for (const pinned of algorithms) {
      const options = { keys: [{ ...base.jwk, alg: pinned }], issuer: { algorithms } };
      if (pinned === signed) await verify(token, options);
      else
        await refused(verify(token, options), "key.unknown", `${signed} with a key for ${pinned}`);
    }
    for (const claimed of algorithms) {
      if (claimed === signed) continue;
      const [, payload, signature] = token.split(".");
      const lie = `${base64url(JSON.stringify({ alg: claimed, kid: "r1" }))}.${payload}.${signature}`;
      await refused(
        verify(lie, { keys: [{ ...base.jwk, alg: undefined } as never], issuer: { algorithms } }),
        "signature.invalid",
      );
    }
  }
});

edge("edge_D29_binds_a_curve_to_its_algorithm", async () => {
  const algorithms = ["ES256", "ES384", "ES512"] as const;
  for (const alg of algorithms) {
    const pair = await keyPair(alg, "k1");
    const { alg: _, ...unpinned } = pair.jwk;
    const token = await sign(claims(), {}, pair);
    await verify(token, { keys: [unpinned], issuer: { algorithms } });
    for (const other of algorithms) {
      if (other === alg) continue;
      const [, payload, signature] = token.split(".");
      const lie = `${base64url(JSON.stringify({ alg: other, kid: "k1" }))}.${payload}.${signature}`;
      await refused(verify(lie, { keys: [unpinned], issuer: { algorithms } }), "key.unknown");
    }
  }
  const pair = await keyPair("ES512", "k1");
  const [header, payload, signature = ""] = (await sign(claims(), {}, pair)).split(".");
  const bytes = bytesOf(signature);
  for (const odd of [bytes.slice(1), Uint8Array.from([0, ...bytes])]) {
    await refused(
      verify(`${header}.${payload}.${base64url(odd)}`, {
        keys: [pair.jwk],
        issuer: { algorithms },
      }),
      "signature.invalid",
    );
  }
});

edge("edge_D30_takes_EdDSA_and_Ed25519_for_the_same", async () => {
  const pair = await makeKeyPair("EdDSA", "e1");
  const { alg: _, ...bare } = pair.jwk;
  for (const header of ["EdDSA", "Ed25519"]) {
    const payload = { ...claims(), header };
    const token = await new SignJWT(payload)
      .setProtectedHeader({ alg: header, kid: "e1" })
      .sign(pair.privateKey);
    for (const algorithms of [["EdDSA"], ["Ed25519"]] as const) {
      for (const jwk of [bare, { ...bare, alg: "EdDSA" }, { ...bare, alg: "Ed25519" }]) {
        await verify(token, { keys: [jwk], issuer: { algorithms } });
      }
    }
  }
  const token = await sign(claims(), {}, pair);
  await refused(
    verify(token, { keys: [{ ...bare, crv: "X25519" }], issuer: { algorithms: ["EdDSA"] } }),
    "key.unknown",
  );
});

edge("edge_D31_refuses_crit", async () => {
  for (const crit of [
    ["x"],
    [],
    "exp",
    ["exp", "exp"],
    [1],
    ["alg"],
    ["b64"],
    ["toString"],
    {},
    null,
    true,
  ]) {
    const header = JSON.stringify({ alg: "ES256", kid: "k1", crit, x: 1 });
    await refused(verify(await withHeader(header)), "header.crit", header);
  }
});

edge("edge_D32_refuses_an_unencoded_payload", async () => {
  await refused(
    verify(await withHeader({ alg: "ES256", kid: "k1", b64: false, crit: ["b64"] })),
    "header.crit",
  );
  await refused(verify(await withHeader({ alg: "ES256", kid: "k1", b64: false })), "header.b64");
  await verify(await withHeader({ alg: "ES256", kid: "k1", b64: true }));
});

edge("edge_D33_refuses_zip_and_enc", async () => {
  await refused(verify(await withHeader({ alg: "ES256", kid: "k1", zip: "DEF" })), "header.zip");
  await refused(
    verify(await withHeader({ alg: "ES256", kid: "k1", enc: "A128GCM" })),
    "header.enc",
  );
});

edge("edge_D34_uses_no_key_that_the_token_brings", async () => {
  const stranger = await makeKeyPair("ES256", "k1");
  for (const more of [
    { jwk: stranger.jwk },
    { jku: "https://evil.example/k" },
    { x5u: "https://evil.example/k" },
    { x5c: ["MIIB"] },
  ]) {
    const { verifier, endpoint } = await bench();
    await refused(verifier.verify(await sign(claims(), more, stranger)), "signature.invalid");
    assert.deepEqual(
      endpoint.requests.map(({ url }) => url),
      [`${ISSUER}/jwks.json`],
    );
  }
});

const RFC9068 = { client_id: "app", jti: "t1" };

edge("edge_D35_tells_profiles_by_typ", async () => {
  const strict = { profile: "access-token" } as const;
  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
    await verify(await sign(claims(RFC9068), { typ }), strict);
  for (const typ of ["JWT", undefined, "dpop+jwt", "logout+jwt", ""])
    await refused(verify(await sign(claims(RFC9068), { typ }), strict), "header.typ", typ);
  for (const typ of [1, ["at+jwt"], null])
    await refused(verify(await withHeader({ alg: "ES256", kid: "k1", typ }), strict), "header.typ");
  for (const typ of ["JWT", "jwt", "application/jwt", "at+jwt", undefined])
    await verify(await sign(claims(), { typ }));
  for (const typ of ["dpop+jwt", "logout+jwt", "secevent+jwt"])
    await refused(verify(await sign(claims(), { typ })), "header.typ", typ);
  for (const typ of ["JWT", undefined])
    await verify(await sign(claims(), { typ }), { profile: "id-token" });
  await refused(
    verify(await sign(claims(), { typ: "at+jwt" }), { profile: "id-token" }),
    "header.typ",
  );
});

edge("edge_D36_takes_no_id_token_and_no_logout_token_for_an_access_token", async () => {
  const idToken = await sign(claims({ ...RFC9068, nonce: "n", at_hash: "h" }), { typ: "JWT" });
  const logoutToken = await sign(claims({ ...RFC9068, events: {} }), { typ: "logout+jwt" });
  for (const token of [idToken, logoutToken])
    await refused(verify(token, { profile: "access-token" }), "header.typ");
});

edge("edge_D37_refuses_a_nested_token", async () => {
  for (const cty of ["JWT", "jwt", "application/jwt"])
    await refused(verify(await sign(claims(), { cty })), "header.cty");
  await refused(verify(await withHeader({ alg: "ES256", kid: "k1", cty: 1 })), "header.cty");
});

edge("edge_D38_takes_a_kid_for_a_name_and_nothing_else", async () => {
  for (const kid of [1, {}, ["k1"], null, true])
    await refused(verify(await withHeader({ alg: "ES256", kid })), "token.malformed");
  for (const kid of [
    "",
    "k".repeat(2_500),
    "../../k1",
    "' OR 1=1 --",
    "a\nb",
    "__proto__",
    "constructor",
    "k1#",
    "K1",
  ]) {
    const { verifier, endpoint } = await bench();
    const error = await refused(verifier.verify(await sign(claims(), { kid })), "key.unknown");
    assert.ok(endpoint.requests.every(({ url }) => url === `${ISSUER}/jwks.json`));
    assert.ok(kid === "" || !error.message.includes(kid));
  }
});
