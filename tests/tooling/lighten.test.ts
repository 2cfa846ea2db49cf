// What is left out of the shipped client: surplus in the glue of wasm-bindgen, and the words of
// panics in the wasm.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lighten } from "../../scripts/lib/lighten.mjs";

test("glue of functions alone stays as it is", () => {
  const written = { glue: "export function take() {}\n", types: "export function take(): void;\n" };
  assert.deepEqual(lighten(written), written);
});

test("glue without something that is to be cut away is refused", () => {
  assert.throws(
    () => lighten({ glue: "export class Keep {\n}\n", types: "" }),
    /wasm-bindgen has changed its ways/,
  );
});

test("no shipped wasm names a source file or says what a panic would", () => {
  for (const name of ["client", "edge"]) {
    const text = readFileSync(new URL(`../../dist/${name}.wasm`, import.meta.url), "latin1");
    const words = [
      ...text.matchAll(
        /[\w./-]+\.rs(?!\w)|already (?:mutably )?borrowed|index out of bounds|capacity overflow|\bcalled `/g,
      ),
    ];
    assert.deepEqual(
      words.map(([word]) => word),
      [],
      name,
    );
  }
});
