// The check that keeps the pure layers pure: it reads code, not comments and strings, and finds
// what is planted.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { codeOf, findImpurities } from "../../scripts/check-purity.mjs";

/** What the check finds in a tree of these files. */
function findIn(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-purity-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return findImpurities(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the project's own layers are pure", () => {
  assert.deepEqual(findImpurities(fileURLToPath(new URL("../..", import.meta.url))), []);
});

const slips: [string, string, string][] = [
  ["src/engine/a.rs", "fn now() -> u64 { std::time::Instant::now().elapsed() }", "std::time"],
  ["src/engine/deep/er.rs", "\n\nuse web_sys::Request;", "web_sys"],
  ["src/token/a.rs", "let x = unsafe { y };", "unsafe"],
  ["src/verify/a.rs", "pub async fn f() {}", "async"],
  ["src/verify/a.rs", "f().await", ".await"],
  ["src/engine/a.rs", "use wasm_bindgen_futures::spawn_local;", "wasm_bindgen_futures"],
  ["src/engine/a.rs", "use crate::client::Keep;", "client"],
  ["src/engine/a.rs", "use crate::{token::Jwt, client};", "client"],
  ["src/client/a.rs", "use crate::edge::Guard;", "edge"],
  ["src/edge/a.rs", "use super::client;", "client"],
  ["src/client/a.rs", 'let name = format!("tokenkeep:{name}");', "format!"],
  ["src/engine/a.rs", "let text = number.to_string();", "to_string"],
];

for (const [file, source, word] of slips) {
  test(`${file}: \`${source.trim()}\` is found`, () => {
    const found = findIn({ [file]: source });
    assert.ok(found.length > 0);
    const line = source.split("\n").findIndex((text) => text !== "") + 1;
    for (const slip of found) assert.ok(slip.startsWith(`${file}:${line}: `), slip);
    assert.ok(
      found.some((slip) => slip.includes(word)),
      found.join("\n"),
    );
  });
}

test("comments, strings, lifetimes and core's durations are no slips", () => {
  const source = `
    // std::time and web_sys are for the client
    /* nested /* rand */ SystemTime */
    const WHY: &str = "https://example.com/ has no Instant::now \\" and no rand";
    const RAW: &str = r#"an "unsafe" word"#;
    fn f<'a>(quote: &'a str) -> core::time::Duration { g('"', '\\'', "gloo") }
  `;
  assert.deepEqual(
    findIn({
      "src/engine/a.rs": source,
      "src/client/b.rs": "use web_sys::Request; use crate::engine::Session;",
    }),
    [],
  );
});

test("tests may format", () => {
  assert.deepEqual(
    findIn({ "src/engine/a.rs": '#[cfg(test)]\nmod tests { fn f() { println!("x"); } }' }),
    [],
  );
});

test("code after a string with slashes in it is still read", () => {
  assert.deepEqual(findIn({ "src/engine/a.rs": 'f("https://x"); rand::random()' }), [
    "src/engine/a.rs:1: rand",
  ]);
  assert.equal(codeOf("a // b\nc"), "a     \nc");
});
