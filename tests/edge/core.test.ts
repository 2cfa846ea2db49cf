// What the wasm keeps from one call to the next: rules, caches, verifications that have begun. All
// of it is bounded, and none of it outlives a trap.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Core, type RuleSet } from "../../js/edge/core.ts";
import { instanceOf } from "../../js/edge/instance.ts";
import { NO_RULES } from "../../js/edge/options/issuer.ts";
import type { Facts } from "../../js/edge/result/outcome.ts";
import { RememberedTokens } from "../../js/edge/result/remembered.ts";
import { verifierOver } from "../../js/edge/verifier.ts";
import { AUDIENCE, claims, ISSUER, keyPair, NOW, sign } from "./suite/kit.ts";

const module = await WebAssembly.compile(
  readFileSync(new URL("../../build/edge/edge_bg.wasm", import.meta.url)),
);

const rules = (issuer: string): RuleSet => ({
  ...NO_RULES,
  issuer,
  audiences: [AUDIENCE],
  allowNoExpiry: false,
  maxTokenBytes: 16_384,
  algorithms: ["ES256"],
  readsPadding: false,
});

/** Stands for what is known of a token. */
const factsOf = (name: string) => ({ name }) as unknown as Facts;

test("edge_P15_rules_that_the_wasm_has_forgotten_are_registered_again", async () => {
  const core = new Core(module);
  const ours = rules(ISSUER);
  const token = await sign();
  assert.equal(core.read(ours, token, NOW), "good");
  for (let other = 0; other < 5_000; other += 1)
    assert.equal(core.read(rules(`https://${other}.example`), token, NOW), "foreign");
  assert.equal(core.read(ours, token, NOW), "good");
  assert.equal(core.judge(ours, NOW + 900), "broken");
  const dates = { expires: NOW + 900, notBefore: null, issued: null };
  assert.equal(core.judgeDates(rules(ISSUER), dates, NOW), "good");
  assert.equal(core.judgeDates(rules(ISSUER), dates, NOW + 900), "broken");
  assert.equal(core.code(), "token.expired");
});

test("edge_P15_a_verifier_goes_on_when_hundreds_of_others_were_made_since", async () => {
  const instance = instanceOf(module);
  const { jwk } = await keyPair();
  const issuers = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwks: { keys: [jwk] },
  } as const;
  const make = () => verifierOver({ issuers, clock: () => NOW * 1000 }, instance);
  const tokens = await Promise.all(["a", "b", "c"].map((jti) => sign(claims({ jti }))));
  const first = make();
  const cached = async (token = "") => (await first.verify(token)).cached;
  assert.deepEqual([await cached(tokens[0]), await cached(tokens[0])], [false, true]);
  for (let others = 0; others < 300; others += 1) await make().verify(tokens[0] ?? "");
  // Its cache is gone. It finds that out with the next token, and makes another.
  assert.equal(await cached(tokens[0]), false);
  assert.deepEqual([await cached(tokens[1]), await cached(tokens[1])], [false, true]);
  assert.deepEqual([await cached(tokens[0]), await cached(tokens[0])], [false, true]);
});

test("edge_P16_nothing_that_began_before_a_trap_is_remembered_after_it", async () => {
  const core = new Core(module);
  const ours = rules(ISSUER);
  const [one, other] = [await sign(claims({ jti: "1" })), await sign(claims({ jti: "2" }))];
  const begin = (tokens: RememberedTokens<Facts>, token: string) => {
    assert.equal(tokens.recall(core, token, NOW), null);
    assert.equal(core.read(ours, token, NOW), "good");
    const begun = tokens.begin(core, ours, token);
    assert.ok(begun);
    return begun;
  };
  const tokens = new RememberedTokens<Facts>(10);
  const before = begin(tokens, one);
  core.renew(module);
  // The numbers of the new instance begin anew: this one has the number of the one before.
  const after = begin(tokens, other);
  assert.equal(after.number, before.number);
  tokens.remember(core, before, factsOf("one"));
  assert.deepEqual([tokens.recall(core, one, NOW), tokens.recall(core, other, NOW)], [null, null]);
  tokens.remember(core, after, factsOf("other"));
  assert.deepEqual(tokens.recall(core, other, NOW), factsOf("other"));
  assert.equal(tokens.recall(core, one, NOW), null);
});

test("edge_P16_a_token_is_remembered_only_by_a_verification_of_its_own", async () => {
  const core = new Core(module);
  const ours = rules(ISSUER);
  const [one, other] = [await sign(claims({ jti: "1" })), await sign(claims({ jti: "2" }))];
  const tokens = new RememberedTokens<Facts>(10);
  tokens.recall(core, one, NOW);
  // Another token has come in, and was not recalled.
  core.read(ours, other, NOW);
  assert.equal(tokens.begin(core, ours, other), null);
  assert.equal(tokens.begin(core, ours, one), null);
  // Recalled, and not read.
  tokens.recall(core, one, NOW);
  assert.equal(tokens.begin(core, ours, one), null);
  core.read(ours, one, NOW);
  const begun = tokens.begin(core, ours, one);
  assert.ok(begun);
  // More have begun since than the wasm keeps.
  for (let since = 0; since < 1_024; since += 1) {
    tokens.recall(core, other, NOW);
    core.read(ours, other, NOW);
    tokens.begin(core, ours, other);
  }
  tokens.remember(core, begun, factsOf("one"));
  assert.equal(tokens.recall(core, one, NOW), null);
});

test("edge_P17_the_facts_of_a_forgotten_token_are_never_those_of_another", async () => {
  const core = new Core(module);
  const ours = rules(ISSUER);
  const tokens = new RememberedTokens<Facts>(3);
  const texts = await Promise.all(
    Array.from({ length: 8 }, (_, place) => sign(claims({ jti: `${place}` }))),
  );
  let state = 1;
  for (let step = 0; step < 3_000; step += 1) {
    state = (state * 48_271) % 2_147_483_647;
    const text = texts[state % texts.length] ?? "";
    const known = tokens.recall(core, text, NOW);
    if (known !== null) {
      assert.deepEqual(known, factsOf(text));
      continue;
    }
    core.read(ours, text, NOW);
    const begun = tokens.begin(core, ours, text);
    assert.ok(begun);
    tokens.remember(core, begun, factsOf(text));
  }
});
