// Project Wycheproof's vectors for JSON Web Signature, Key, Crypto and Encryption. They are no part
// of the project: WYCHEPROOF_DIR names the folder that holds them, or they lie in shared/vectors
// beside the project. docs/encrypted-tokens.md and docs/edge.md say where a strict verifier answers
// otherwise on purpose.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Algorithm, type Jwk, VerifyError, verifyCompact } from "tokenkeep/edge";
import { decryptCompact } from "tokenkeep/jwe";
import { ALL, CONTENT_ENCRYPTION, KEY_MANAGEMENT } from "./suite/jwe-algorithms.ts";

const folder =
  process.env["WYCHEPROOF_DIR"] ??
  fileURLToPath(new URL("../../../shared/vectors", import.meta.url));
const skip = existsSync(join(folder, "json_web_encryption_test.json"))
  ? false
  : "not here: Wycheproof's vectors, whose folder WYCHEPROOF_DIR names";

type Keys = Jwk | { keys: readonly Jwk[] };
interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws?: string;
  readonly jwe?: string;
  readonly pt?: string;
  readonly result: "valid" | "invalid";
  readonly key: Keys;
  readonly publicKey: Keys | undefined;
}

function vectorsOf(name: string): readonly Vector[] {
  const { testGroups } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as {
    testGroups: readonly { private: Keys; public?: Keys; tests: readonly Vector[] }[];
  };
  return testGroups.flatMap(({ private: key, public: publicKey, tests }) =>
    tests.map((one) => ({ ...one, key, publicKey })),
  );
}

/** "valid", or the code of the refusal. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "valid";
  } catch (error) {
    assert.ok(error instanceof VerifyError, String(error));
    return error.code;
  }
}

const ASYMMETRIC: readonly Algorithm[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

/** A signature by the public keys alone, but for secrets, which have no other half. */
function verify({ jws, jwe, key, publicKey }: Vector): Promise<unknown> {
  if (jwe !== undefined) return decryptCompact(jwe, [{ key: key as Jwk }], ALL);
  const keys = publicKey ?? key;
  const list = "keys" in keys ? (keys.keys as readonly Jwk[]) : [keys as Jwk];
  const isSecret = list.every(({ kty }) => kty === "oct");
  const algorithms = isSecret ? (["HS256", "HS384", "HS512"] as const) : ASYMMETRIC;
  return verifyCompact(jws ?? "", keys, { algorithms });
}

/** The vectors that are answered otherwise than their project says. */
async function disagreements(name: string): Promise<readonly number[]> {
  const odd: number[] = [];
  for (const vector of vectorsOf(name)) {
    const outcome = await outcomeOf(verify(vector));
    if ((outcome === "valid") !== (vector.result === "valid")) odd.push(vector.tcId);
  }
  return odd;
}

test("wycheproof_signatures_but_for_what_is_refused_on_purpose", { skip }, async () => {
  assert.equal(vectorsOf("json_web_signature_test").length, 401);
  assert.deepEqual(
    await disagreements("json_web_signature_test"),
    [
      // The key says PS256, the header PS384; the key says "ES521", which is no algorithm.
      346, 347, 350, 351,
      // Byte for byte the valid 357.
      367, 370,
      // A "?" inside a part.
      372, 373,
    ],
  );
});

test("wycheproof_keys_and_crypto_but_for_an_optional_check", { skip }, async () => {
  const [keys, others] = [
    await disagreements("json_web_key_test"),
    await disagreements("json_web_crypto_test"),
  ];
  assert.deepEqual([keys, others], [[], []]);
});

test("edge_X3_wycheproof_encryption_opens_what_is_listed_and_nothing_invalid", {
  skip,
}, async () => {
  const counts = { opened: 0, invalid: 0, byName: 0 };
  for (const { tcId, comment, jwe = "", key, pt, result } of vectorsOf(
    "json_web_encryption_test",
  )) {
    const note = `${tcId} ${comment}`;
    if (result === "invalid") {
      const outcome = await outcomeOf(decryptCompact(jwe, [{ key: key as Jwk }], ALL));
      assert.notEqual(outcome, "valid", note);
      counts.invalid += 1;
      continue;
    }
    // A key for an algorithm that there is not would be a fault of the options. The token is
    // refused whatever the key is.
    const { alg, ...bare } = key as Jwk;
    const isOurs = [...KEY_MANAGEMENT, ...CONTENT_ENCRYPTION].some((name) => name === alg);
    const other = bare.kty === "oct" ? { kty: "oct", k: "A".repeat(43) } : bare;
    const used = isOurs ? (key as Jwk) : other;
    const opened = decryptCompact(jwe, [{ key: used }], ALL);
    const outcome = await outcomeOf(opened);
    if (outcome === "valid") {
      const { plaintext } = await opened;
      if (pt !== undefined) assert.equal(Buffer.from(plaintext).toString("hex"), pt, note);
      counts.opened += 1;
    } else {
      assert.ok(["alg.not_allowed", "header.zip"].includes(outcome), `${note}: ${outcome}`);
      counts.byName += 1;
    }
  }
  assert.deepEqual(counts, { opened: 37, invalid: 74, byName: 28 });
});
