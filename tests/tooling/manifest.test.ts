// The check that keeps wasm-pack.toml true to Cargo.toml, Cargo.lock and package.json: it passes
// the project, and finds what is planted.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findDisagreements } from "../../scripts/check-manifest.mjs";
import { parseManifest } from "../../scripts/lib/manifest.mjs";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const project = {
  manifest: read("wasm-pack.toml"),
  cargo: read("Cargo.toml"),
  wasm: read("src/wasm/Cargo.toml"),
  lock: read("Cargo.lock"),
  package: read("package.json"),
  version: read("js/shared/version.ts"),
};
type Sources = typeof project;

/** The project with one thing changed in one of its files; the change has to change something. */
function planted(file: keyof Sources, from: string | RegExp, to: string): Sources {
  const text = project[file].replace(from, to);
  assert.notEqual(text, project[file], `nothing to plant in ${file}`);
  return { ...project, [file]: text };
}

test("the project's own files agree", () => {
  assert.deepEqual(findDisagreements(project), []);
});

const plants: [string, Sources, RegExp][] = [
  [
    "another version in the sources",
    planted("version", /VERSION = ".*"/, 'VERSION = "0.0.0"'),
    /js\/shared\/version\.ts has not the version/,
  ],
  [
    "a feature that Cargo.toml lacks",
    planted("manifest", 'features = ["client"]', 'features = ["browser"]'),
    /no feature "browser"/,
  ],
  [
    "a profile that Cargo.toml lacks",
    planted("manifest", 'profile = "wasm"', 'profile = "tiny"'),
    /no \[profile\.tiny\]/,
  ],
  [
    "a target whose glue the build does not know",
    planted("manifest", 'target = "bundler"', 'target = "edge"'),
    /needs target "bundler"/,
  ],
  [
    "an output outside build/",
    planted("manifest", "build/client", "pkg"),
    /out-dir must be under build/,
  ],
  [
    "another wasm-bindgen among the tools",
    planted("manifest", /wasm-bindgen = ".*"/, 'wasm-bindgen = "0.2.1"'),
    /Cargo\.toml wants wasm-bindgen/,
  ],
  [
    "a wasm-bindgen that is not pinned",
    planted("cargo", /\nwasm-bindgen = \{ version = "=/, '\nwasm-bindgen = { version = "'),
    /pin it/,
  ],
  [
    "another wasm-bindgen in Cargo.lock",
    planted("lock", /(name = "wasm-bindgen"\nversion = )".*"/, '$1"0.2.1"'),
    /Cargo\.lock has wasm-bindgen 0\.2\.1/,
  ],
  [
    "a wasm that is a library too, which Cargo does not optimise across crates",
    planted("wasm", '["cdylib"]', '["cdylib", "rlib"]'),
    /crate-type must be "cdylib" alone/,
  ],
  [
    "wasm-pack's own wasm-opt switched on",
    planted("wasm", "wasm-opt = false", "wasm-opt = true"),
    /wasm-opt = false/,
  ],
  ["a manifest that does not say who reads it", planted("manifest", /^#.*\n/, ""), /first line/],
  [
    "another version of the npm package",
    planted("package", /"version": ".*"/, '"version": "9.9.9"'),
    /package\.json is tokenkeep 9\.9\.9|version of package\.json, 9\.9\.9/,
  ],
];

for (const [what, sources, finding] of plants) {
  test(`${what} is found, and nothing else`, () => {
    const found = findDisagreements(sources);
    assert.ok(
      found.every((sentence) => finding.test(sentence) || /Cargo\.lock has/.test(sentence)),
      found.join("\n"),
    );
    assert.ok(
      found.some((sentence) => finding.test(sentence)),
      found.join("\n"),
    );
  });
}

test("a manifest that is not whole is refused by name", () => {
  assert.throws(
    () => parseManifest(project.manifest.replace(/budget = .*/, "")),
    /\[builds\.client\] needs a `budget`/,
  );
  assert.throws(
    () => parseManifest(project.manifest.replace("out-name", "outname")),
    /unknown key `outname`/,
  );
  assert.throws(
    () => parseManifest(project.manifest.replace(/wasm-pack = .*/, "")),
    /\[tools\] needs a string `wasm-pack`/,
  );
  assert.throws(
    () => parseManifest(project.manifest.replace("short-names = true", 'short-names = "yes"')),
    /\[builds\.client\] needs true or false as `short-names`/,
  );
  assert.throws(
    () => parseManifest(project.manifest.replace(/(files = .*\n)budget = .*/, "$1")),
    /\[builds\.edge\.workers\] needs a `budget` in bytes/,
  );
  assert.throws(() => parseManifest("[tools]\n"), /there is no \[builds\.\*\]/);
});
