// The list of what the build silences, held to the toolchain by what it silenced in the build that
// is there. A name that no longer occurs was renamed by rustc or by wasm-bindgen, or nothing panics
// that way any more. In the first case panics would get their words back, and the wasm would grow.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { entryOf, silenced } from "../../scripts/lib/panics.mjs";

const silencedIn = (name: string) =>
  readFileSync(new URL(`../../build/${name}/silenced.txt`, import.meta.url), "utf8")
    .trim()
    .split("\n");

test("each entry of the list silences something in the client or in the verifier", () => {
  const found = new Set([...silencedIn("client"), ...silencedIn("edge")].map(entryOf));
  for (const entry of silenced)
    assert.ok(
      found.has(entry),
      `no function is called \`${entry}…\`: find its new name, or take it off the list`,
    );
});

test("both builds lose the function that every panic goes through", () => {
  for (const name of ["client", "edge"])
    assert.ok(
      silencedIn(name).some((one) => /^core\[[0-9a-f]+\]::panicking::panic_fmt$/.test(one)),
      name,
    );
});

test("functions are told apart by their paths, whatever the hashes of their crates are", () => {
  for (const name of [
    "core[c5930c85a12de822]::panicking::panic_fmt",
    "core::panicking::panic_fmt::h0123456789abcdef",
    "<std[a543]::panicking::Payload<&str> as core[c593]::panic::PanicPayload>::get",
    "<core[c593]::ops::range::Range<usize> as core[c593]::fmt::Debug>::fmt",
  ])
    assert.notEqual(entryOf(name), undefined, name);
  for (const name of [
    "tokenkeep::core::panicking::mine",
    "<tokenkeep::edge::words::Verdict as tokenkeep::fmt::Mine>::fmt",
    "std[a543]::thread::local::lazy",
  ])
    assert.equal(entryOf(name), undefined, name);
});
