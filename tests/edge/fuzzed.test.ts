// Tokens that dice have changed, judged by the verifier and by jose: what the verifier takes, jose
// takes, with the same payload. A run follows from FUZZ_SEED, except for the keys; FUZZ_TOKENS says
// how many tokens there are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compactVerify, exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Jwk, VerifyError, verifyCompact } from "tokenkeep/edge";
import { dice } from "../shared/dice.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? 1);
const tokens = Number(process.env["FUZZ_TOKENS"] ?? 6000);

/** Pieces that readers of tokens decide by. */
const PIECES = [".", "..", "=", "-", "_", "+", "/", " ", "\n", "e30", "AA", "\u0000", "é", "eyJ"];
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test(`a token that dice have changed is taken by the verifier only if jose takes it (FUZZ_SEED=${seed})`, async () => {
  const chance = dice(seed);
  const upTo = (count: number) => Math.floor(chance() * count);
  const pick = <T>(list: ArrayLike<T>): T => list[upTo(list.length)] as T;
  const change = (text: string): string => {
    const at = upTo(text.length + 1);
    const end = at + upTo(4);
    switch (upTo(5)) {
      case 0:
        return text.slice(0, at) + pick(ALPHABET) + text.slice(at + 1);
      case 1:
        return text.slice(0, at) + text.slice(end);
      case 2:
        return text.slice(0, at) + pick(PIECES) + text.slice(at);
      case 3:
        return text.slice(0, at) + text.slice(at, end) + text.slice(at);
      default:
        return text;
    }
  };
  let taken = 0;
  for (const alg of ["ES256", "EdDSA", "RS256"] as const) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = (await exportJWK(publicKey)) as Jwk;
    for (let n = 0; n < tokens / 3; n++) {
      const header = pick([
        { alg },
        { alg, kid: "k", typ: "at+jwt" },
        { alg, cty: "JWT" },
        { alg, jwk: { kty: "oct" }, x5c: ["x"], jku: "https://evil.test" },
      ]);
      const claims = { sub: String(n), list: [upTo(9), null, { [String(upTo(99))]: "é" }] };
      const signed = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
      // One of three stays as it is.
      let token = signed;
      for (let times = upTo(3); times > 0; times--) token = change(token);
      const ours = await verifyCompact(token, jwk, { algorithms: [alg] }).catch(
        (error: unknown) => {
          assert.ok(error instanceof VerifyError, `${JSON.stringify(token)}: ${error}`);
          return null;
        },
      );
      const theirs = await compactVerify(token, publicKey, { algorithms: [alg] }).catch(() => null);
      if (token === signed) assert.ok(ours, JSON.stringify(token));
      if (!ours) continue;
      taken += 1;
      assert.ok(theirs, `the verifier alone takes ${JSON.stringify(token)}`);
      assert.deepEqual([...ours.payload], [...theirs.payload]);
    }
  }
  assert.ok(taken > tokens / 4, `${taken} are taken`);
});
