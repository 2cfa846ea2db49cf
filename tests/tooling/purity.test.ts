// The checks that keep the rooms apart and the pure ones pure. check-purity.mjs reads code, not
// comments and strings, and finds what is planted; clippy finds all that clippy.toml lists.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "smol-toml";
import { codeOf, findImpurities, findStrayImports } from "../../scripts/check-purity.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the check finds in a tree of these files. */
function findIn(files: Record<string, string>, find = findImpurities): string[] {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-purity-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return find(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the project's own layers are pure", () => {
  assert.deepEqual(findImpurities(root), []);
});

test("the project's own rooms of js/ import what they may", () => {
  assert.deepEqual(findStrayImports(root), []);
});

test("an import of js/ from a room that may not be known is found", () => {
  const files = {
    "js/edge/keys/a.ts": '\nimport { A } from "../../client/a.js";',
    "js/client/b.ts": 'const load = () => import("../hosted/b.js");',
    "js/shared/c.ts": 'export type { C } from "../edge/c.js";',
    "js/client/d.ts": 'import { D } from "../shared/d.js";\nimport { E } from "./deep/e.js";',
    "js/jwe/e.ts": 'import { verify } from "../edge.js";\nimport { F } from "../../build/f.js";',
    "js/index.ts": 'export * from "./mediator/g.js";',
  };
  assert.deepEqual(findIn(files, findStrayImports).sort(), [
    'js/client/b.ts:1: import("../hosted/b.js")',
    'js/edge/keys/a.ts:2: from "../../client/a.js"',
    'js/shared/c.ts:1: from "../edge/c.js"',
  ]);
});

const slips: [string, string, string][] = [
  ["src/verify/a.rs", "pub async fn f() {}", "async"],
  ["src/verify/a.rs", "f().await", ".await"],
  ["src/token/a.rs", '\n\n#[cfg(target_arch = "wasm32")]', "target_arch"],
  ["src/engine/deep/er.rs", "use crate::client::Keep;", "client"],
  ["src/engine/a.rs", "use crate::{token::Jwt, client};", "client"],
  ["src/client/a.rs", "use crate::edge::Guard;", "edge"],
  ["src/edge/a.rs", "use super::client;", "client"],
  ["src/verify/a.rs", "use crate::token::Jwt;", "token"],
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

test("comments, strings and lifetimes are no slips", () => {
  const source = `
    // what is async and client:: is elsewhere
    /* nested /* .await */ async */
    const WHY: &str = "https://example.com/ has no async \\" and no .await";
    const RAW: &str = r#"an "async" word"#;
    fn f<'a>(quote: &'a str) { g('"', '\\'', "crate::client") }
  `;
  assert.deepEqual(
    findIn({
      "src/engine/a.rs": source,
      "src/client/b.rs": "use web_sys::Request; use crate::engine::Session;",
    }),
    [],
  );
});

test("tests may hold two rooms against each other", () => {
  assert.deepEqual(
    findIn({ "src/engine/a.rs": "#[cfg(test)]\nmod tests { use crate::verify::json; }" }),
    [],
  );
});

test("code after a string with slashes in it is still read", () => {
  assert.deepEqual(findIn({ "src/engine/a.rs": 'f("https://x"); async {}' }), [
    "src/engine/a.rs:1: async",
  ]);
  assert.equal(codeOf("a // b\nc"), "a     \nc");
});

/** Code that does what a path of clippy.toml denies. */
const denied: Record<string, string> = {
  "std::time::Instant": "pub fn f() { drop(std::time::Instant::now()); }",
  "std::time::SystemTime": "pub fn f() { drop(std::time::SystemTime::now()); }",
  "std::future::Future": "pub fn f(work: &dyn Future<Output = u8>) { let _ = work; }",
  "std::hash::RandomState": "pub fn f(state: std::hash::RandomState) { drop(state); }",
  "std::collections::HashMap::new":
    "pub fn f() { drop(std::collections::HashMap::<u8, u8>::new()); }",
  "std::collections::HashMap::with_capacity":
    "pub fn f() { drop(std::collections::HashMap::<u8, u8>::with_capacity(1)); }",
  "std::collections::HashSet::new": "pub fn f() { drop(std::collections::HashSet::<u8>::new()); }",
  "std::collections::HashSet::with_capacity":
    "pub fn f() { drop(std::collections::HashSet::<u8>::with_capacity(1)); }",
  "std::string::ToString::to_string": "pub fn f(number: u8) -> String { number.to_string() }",
  "std::format": 'pub fn f(number: u8) -> String { format!("{number}") }',
  "std::write": 'pub fn f(to: &mut impl std::fmt::Write) { let _ = write!(to, "a"); }',
  "std::writeln": 'pub fn f(to: &mut impl std::fmt::Write) { let _ = writeln!(to, "a"); }',
  "std::print": 'pub fn f() { print!("a"); }',
  "std::println": 'pub fn f() { println!("a"); }',
  "std::eprint": 'pub fn f() { eprint!("a"); }',
  "std::eprintln": 'pub fn f() { eprintln!("a"); }',
};

test("clippy finds each path of clippy.toml where it is planted", async () => {
  const settings = Object.entries(parse(readFileSync(join(root, "clippy.toml"), "utf8")));
  const lists = settings.filter(([name]) => name.startsWith("disallowed-"));
  const paths = (lists.flatMap(([, list]) => list) as (string | { path: string })[]).map((entry) =>
    typeof entry === "string" ? entry : entry.path,
  );
  assert.deepEqual(paths.toSorted(), Object.keys(denied).toSorted());
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-clippy-"));
  try {
    const file = join(folder, "lib.rs");
    const lints = ["disallowed_types", "disallowed_macros", "disallowed_methods"];
    writeFileSync(
      file,
      [
        ...lints.map((lint) => `#![warn(clippy::${lint})]`),
        ...Object.values(denied).map((code, index) => `pub mod m${index} { ${code} }`),
      ].join("\n"),
    );
    const { stderr } = await promisify(execFile)(
      "clippy-driver",
      ["--edition=2024", "--crate-type=lib", "--emit=metadata", "--out-dir", folder, file],
      { env: { ...process.env, CLIPPY_CONF_DIR: root } },
    );
    for (const path of paths) assert.ok(stderr.includes(`\`${path}\``), `${path}\n${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("src/ denies the lists of clippy.toml: the pure rooms that of types, all of it the others", () => {
  const denies = (file: string, lints: string) =>
    assert.ok(
      readFileSync(join(root, "src", file), "utf8").includes(
        `\n#![cfg_attr(not(test), deny(${lints}))]\n`,
      ),
      file,
    );
  for (const room of ["token", "engine", "verify"])
    denies(`${room}/mod.rs`, "clippy::disallowed_types");
  denies("lib.rs", "clippy::disallowed_macros, clippy::disallowed_methods");
});
