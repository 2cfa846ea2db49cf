// The reader of `WWW-Authenticate`, without a browser. refused.test.ts shows what a page does with
// it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { remedyOf } from "../../js/client/challenge.ts";

const stepUp = (acrValues: readonly string[], maxAge: number | null) => ({ acrValues, maxAge });

test("client_D31_reads_a_step_up_challenge", () => {
  for (const [field, remedy] of [
    [
      String.raw`Bearer error="insufficient_user_authentication", error_description="A, \"different\" one", acr_values="urn:a  urn:b", max_age="5"`,
      stepUp(["urn:a", "urn:b"], 5),
    ],
    [
      `Basic realm="a, Bearer error=x", bearer  ERROR = insufficient_user_authentication ,max_age=0`,
      stepUp([], 0),
    ],
    [`Negotiate YWJj==, DPoP error="insufficient_user_authentication"`, stepUp([], null)],
    [`Negotiate, Bearer max_age=x, error=insufficient_user_authentication`, stepUp([], null)],
    [
      String.raw`Bearer error="insufficient\_user_authentication", acr_values="\"a\\ b"`,
      stepUp([`"a\\`, "b"], null),
    ],
  ] as const) {
    assert.deepEqual(remedyOf(field), remedy, field);
  }
});

test("client_D32_reads_insufficient_scope", () => {
  assert.equal(remedyOf(`Bearer realm="x", error="insufficient_scope", scope="a b"`), null);
});

test("the first challenge with a remedy counts, and of its parameters the first of a name", () => {
  const [scope, login] = ["error=insufficient_scope", "error=insufficient_user_authentication"];
  assert.equal(remedyOf(`Bearer error=invalid_token, Bearer ${scope}, Bearer ${login}`), null);
  assert.deepEqual(remedyOf(`Bearer ${login}, DPoP ${scope}`), stepUp([], null));
  assert.equal(remedyOf(`Bearer error=x, ERROR=insufficient_scope`), undefined);
  assert.deepEqual(
    remedyOf(`Bearer ${login}, max_age=1, max_age=2, acr_values=a, acr_values=b`),
    stepUp(["a"], 1),
  );
});

test("everything else asks for a fresh token", () => {
  for (const field of [
    "",
    "Bearer",
    `Bearer error="invalid_token"`,
    "Basic realm=x",
    `Basic error="insufficient_scope"`,
    "error=insufficient_scope",
    `Bearer realm="open, error=insufficient_scope`,
    String.raw`Bearer realm="open\", error=insufficient_scope`,
    `Bearer realm="ends here\\`,
    `"`,
    "=,=",
    "Bearer =",
    "Bearer é error=insufficient_scope",
    ", , ,",
    `Bearer description="error=insufficient_scope"`,
    "Bearer __proto__=x, constructor=y, error",
  ]) {
    assert.equal(remedyOf(field), undefined, field);
  }
});

test("any text is read to an end, and in time that grows with its length", () => {
  let seed = 1;
  const draw = (count: number) =>
    (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % count;
  const pieces = [
    "Bearer ",
    "error",
    "=",
    `"`,
    "\\",
    ",",
    " ",
    "\t",
    "a",
    "==",
    "é",
    "\0",
    "insufficient_scope",
    "max_age",
    "!",
  ];
  for (let round = 0; round < 3_000; round++) {
    const field = Array.from({ length: draw(20) }, () => pieces[draw(pieces.length)]).join("");
    assert.ok([undefined, null].includes(remedyOf(field) as null), field);
  }
  for (const piece of [...pieces, "a ", "a= ", `a="x" `, `"\\`, "a/=", "a  ="]) {
    remedyOf(`Bearer ${piece.repeat(100_000)}`);
    remedyOf(`Bearer x="${piece.repeat(100_000)}"`);
  }
});

test("a written challenge is read back", () => {
  for (const before of ["Basic", "Negotiate", "x"]) {
    for (const quoted of ["", "a, b", "error=x", " = ", "é€", "/?:@"]) {
      const field = `${before} note="${quoted}", Bearer x="${quoted}" , acr_values="a b:1",max_age=77, error="insufficient_user_authentication"`;
      assert.deepEqual(remedyOf(field), stepUp(["a", "b:1"], 77), field);
    }
  }
});
