// One key set and its keys, below the verifier: what they cost, and keys that a runtime lacks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Jwk } from "tokenkeep/edge";
import { Core, type KeyDescription, type KeyDescriptions } from "../../js/edge/core.ts";
import { type Instance, instanceOf } from "../../js/edge/instance.ts";
import { Key, verificationKeyAmong } from "../../js/edge/keys/crypto.ts";
import { KeySet } from "../../js/edge/keys/key-set.ts";
import { VerifyError } from "../../js/edge/request/error.ts";
import { verifierOver } from "../../js/edge/verifier.ts";
import { idleKeys, MOST_KEYS } from "./suite/key-sets.ts";
import {
  AUDIENCE,
  base64url,
  bytesOf,
  claims,
  ISSUER,
  keyPair,
  makeKeyPair,
  NOW,
  sign,
} from "./suite/kit.ts";

const wasm = new URL("../../build/edge/edge_bg.wasm", import.meta.url);
const module = await WebAssembly.compile(readFileSync(wasm));
const real = instanceOf(module);

/** What a promise of the sources, not of the package, is rejected with. */
async function refusal(promise: Promise<unknown>): Promise<VerifyError> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof VerifyError, String(error));
  return error;
}

test("edge_E125_a_refused_token_costs_no_second_reading_of_the_keys", async () => {
  const { jwk } = await keyPair();
  const sets: Record<string, Jwk[]> = {
    "a kid for each": [jwk, ...idleKeys(MOST_KEYS - 1, (place) => `idle-${place}`)],
    "one kid for all": [jwk, ...idleKeys(MOST_KEYS - 1, () => "k1")],
    "no kids": idleKeys(MOST_KEYS, () => undefined),
  };
  for (const [what, keys] of Object.entries(sets)) {
    let [read, indexed] = [0, 0];
    class Counting extends Core {
      override namedKeys(set: Uint8Array): ReturnType<Core["namedKeys"]> {
        indexed += set.length;
        return super.namedKeys(set);
      }
      override describeKeys(text: string, isGiven: boolean): KeyDescriptions {
        read += text.length;
        return super.describeKeys(text, isGiven);
      }
    }
    const core = new Counting(module);
    const instance: Instance = { ...real, current: () => core };
    const size = JSON.stringify({ keys }).length;
    const issuers = {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256", "EdDSA"],
      jwks: { keys },
    } as const;
    const verifier = verifierOver({ issuers, clock: () => NOW * 1000 }, instance);
    const [, payload, signature] = (await sign()).split(".");
    const tokens = (round: number) =>
      ["ES256", "EdDSA"].flatMap((alg) =>
        [undefined, "k1", "nobody's", `idle-${round}`, `${round}`].map(
          (kid) => `${base64url(JSON.stringify({ alg, kid, round }))}.${payload}.${signature}`,
        ),
      );
    for (const token of tokens(0)) await refusal(verifier.verify(token));
    assert.equal(indexed, size, what);
    // All of it once for the tokens that name no key, and once the keys of k1.
    assert.ok(read <= 2 * size + 200, `${what}: ${read} characters of ${size}`);
    const before = read;
    for (let round = 1; round <= 50; round += 1)
      for (const token of tokens(round)) await refusal(verifier.verify(token));
    assert.equal(indexed, size, what);
    // Of the keys with names of their own, each is read when it is first named.
    assert.ok(read - before <= 50 * 150, `${what}: ${read - before} characters more`);
  }
});

test("edge_E125_what_is_known_of_the_candidates_is_kept", async () => {
  const core = await real.load();
  const { jwk } = await keyPair();
  const keys = [jwk, ...idleKeys(20, () => "many"), ...idleKeys(3, () => "few")];
  const set = KeySet.read(JSON.stringify({ keys }), core);
  for (const [alg, kid, count] of [
    ["ES256", "k1", 1],
    ["ES256", null, 1],
    ["EdDSA", "few", 3],
    ["EdDSA", "many", 0],
    ["EdDSA", null, 0],
    ["EdDSA", "k1", 0],
    ["RS256", "k1", 0],
    ["ES256", "nobody's", 0],
  ] as const) {
    const candidates = set.candidates(alg, kid, ISSUER, core);
    assert.equal(candidates.length, count, `${alg} ${kid}`);
    assert.equal(set.candidates(alg, kid, ISSUER, core), candidates, `${alg} ${kid}`);
  }
});

/** Two names that are found by the same hash. */
function alike(core: Core): readonly [string, string] {
  const names = new Map<number, string>();
  for (let place = 0; ; place += 1) {
    const [name, hash] = [`kid-${place}`, core.hashOfKid(`kid-${place}`)];
    const other = names.get(hash);
    if (other !== undefined) return [other, name];
    names.set(hash, name);
  }
}

test("edge_E350_keys_whose_kids_have_one_hash_are_told_apart", async () => {
  let read = 0;
  class Counting extends Core {
    override describeKeys(text: string, isGiven: boolean): KeyDescriptions {
      read += 1;
      return super.describeKeys(text, isGiven);
    }
  }
  const core = new Counting(module);
  const [one, other] = alike(core);
  const { jwk } = await keyPair();
  const [idle] = idleKeys(1, () => other);
  const both = KeySet.read(JSON.stringify({ keys: [{ ...jwk, kid: one }, idle] }), core);
  assert.equal(both.candidates("ES256", one, ISSUER, core).length, 1);
  assert.equal(both.candidates("EdDSA", one, ISSUER, core).length, 0);
  assert.equal(both.candidates("EdDSA", other, ISSUER, core).length, 1);
  assert.equal(both.candidates("ES256", other, ISSUER, core).length, 0);
  // A kid that no key bears names none, and has nothing read again.
  const alone = KeySet.read(JSON.stringify({ keys: [{ ...jwk, kid: one }] }), core);
  read = 0;
  for (let round = 0; round < 3; round += 1)
    assert.equal(alone.candidates("ES256", other, ISSUER, core).length, 0);
  assert.equal(alone.candidates("ES256", one, ISSUER, core).length, 1);
  assert.equal(read, 1);
});

/**
 * A key of a curve that every runtime lacks. The set's reader lets none through that the runtimes
 * of today do not have; those of yesterday lack Ed25519, or P-521.
 */
const LACKING: KeyDescription = {
  kid: null,
  algorithms: ["EdDSA"],
  jwk: { kty: "OKP", crv: "Ed1174", x: base64url(new Uint8Array(32)) },
  thumbprint: "",
  issuer: null,
};

test("edge_D30_a_curve_that_the_runtime_lacks_is_said_to_be_lacking", async () => {
  const nothing = new Uint8Array(64);
  const one = (keys: readonly Key[]) => verificationKeyAmong(keys, "EdDSA", nothing, nothing);
  const error = await refusal(one([new Key(LACKING)]));
  assert.deepEqual([error.code, error.status], ["alg.unsupported_by_runtime", 500]);
});

test("edge_D30_the_keys_that_the_runtime_has_are_tried_when_it_lacks_one", async () => {
  const { jwk, ...pair } = await makeKeyPair("EdDSA", "e1");
  const { crv, kty, x } = jwk as JsonWebKey;
  const ours = { ...LACKING, jwk: { crv, kty, x } as JsonWebKey };
  const token = await sign(claims(), {}, { ...pair, jwk });
  const at = token.lastIndexOf(".");
  const bytes = new TextEncoder().encode(token.slice(0, at));
  const signature = bytesOf(token.slice(at + 1));
  for (const described of [
    [LACKING, ours],
    [ours, LACKING],
  ]) {
    const keys = described.map((one) => new Key(one));
    await verificationKeyAmong(keys, "EdDSA", bytes, signature);
    // With a key that could have made it, a bad signature is bad.
    const error = await refusal(verificationKeyAmong(keys, "EdDSA", bytes, new Uint8Array(64)));
    assert.equal(error.code, "signature.invalid");
  }
});
