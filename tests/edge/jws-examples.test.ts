// The examples of RFC 7515 and RFC 7520, which nobody here signed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Jwk, VerifyError, verifyCompact } from "tokenkeep/edge";

const HMAC: Jwk = {
  kty: "oct",
  k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
};
const RSA: Jwk = {
  kty: "RSA",
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  e: "AQAB",
};
const EC: Jwk = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};
const OKP: Jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };

const CLAIMS =
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const examples = [
  {
    name: "RFC7515_A1_HS256",
    key: HMAC,
    alg: "HS256",
    jws: `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
  },
  {
    name: "RFC7515_A2_RS256",
    key: RSA,
    alg: "RS256",
    jws: `eyJhbGciOiJSUzI1NiJ9.${CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`,
  },
  {
    name: "RFC7515_A3_ES256",
    key: EC,
    alg: "ES256",
    jws: `eyJhbGciOiJFUzI1NiJ9.${CLAIMS}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
  },
  {
    name: "RFC8037_A4_EdDSA",
    key: OKP,
    alg: "EdDSA",
    jws: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
  },
] as const;

for (const { name, key, alg, jws } of examples) {
  test(`edge_F_${name}`, async () => {
    const { header, payload } = await verifyCompact(jws, key, { algorithms: [alg] });
    assert.equal(header.alg, alg);
    assert.equal(Buffer.from(payload).toString("base64url"), jws.split(".")[1]);
    const broken = `${jws.slice(0, -6)}AAAAAA`;
    await assert.rejects(
      verifyCompact(broken, key, { algorithms: [alg] }),
      (error) => error instanceof VerifyError && error.code === "signature.invalid",
    );
  });
}

// RFC 7520 section 4: one payload under four keys.
const PAYLOAD =
  "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

test("edge_F_RFC7520_4_4_HS256", async () => {
  const key: Jwk = {
    kty: "oct",
    kid: "018c0ae5-4d9b-471b-bfd6-eef314bc7037",
    use: "sig",
    alg: "HS256",
    k: "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
  };
  const jws = `eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.${PAYLOAD}.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0`;
  const { header, payload } = await verifyCompact(jws, key, { algorithms: ["HS256"] });
  assert.equal(header.kid, key.kid);
  assert.match(Buffer.from(payload).toString(), /^It’s a dangerous business, Frodo/);
});

test("edge_F_takes_given_keys_by_their_rules", async () => {
  const jws = examples[2].jws;
  const refused = (
    keys: Jwk | { keys: Jwk[] },
    code: string,
    algorithms: readonly ("ES256" | "HS256" | "RS256")[] = ["ES256"],
  ) =>
    assert.rejects(
      verifyCompact(jws, keys, { algorithms }),
      (error) => error instanceof VerifyError && error.code === code,
    );
  await verifyCompact(
    jws,
    { keys: [RSA, { ...EC, kid: "a" }] },
    { algorithms: ["ES256", "RS256"] },
  );
  await verifyCompact(
    jws,
    { ...EC, d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" },
    { algorithms: ["ES256"] },
  );
  await refused(EC, "alg.not_allowed", ["RS256"]);
  await refused(EC, "config_invalid", []);
  await refused(EC, "config_invalid", ["ES256", "HS256"]);
  await refused(HMAC, "key.unknown");
  await refused(
    {
      keys: [
        { ...EC, kid: "a" },
        { ...EC, kid: "a", x: EC.y ?? "", y: EC.x ?? "" },
      ],
    },
    "config_invalid",
  );
  await refused({ keys: [] }, "config_invalid");
  await refused(null as unknown as Jwk, "config_invalid");
  const endless: Jwk = { ...EC };
  endless["self"] = endless;
  await refused(endless, "config_invalid");
});
