// The codes of refusals: Rust decides them, and they cross to JavaScript as texts.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The texts between quotation marks that a part of a source has. */
const texts = (source: string) => [...source.matchAll(/"([^"\n]*)"/g)].map(([, text = ""]) => text);

const error = readFileSync(`${root}js/edge/request/error.ts`, "utf8");
const [, union = ""] = /type VerifyErrorCode =([^;]*);/.exec(error) ?? [];
const codes = new Set(texts(union));
const families = new Set([...codes].map((code) => code.split(".")[0]));

/** The sources in Rust that judge tokens, without their tests. */
const sources = ["src/verify", "src/edge"].flatMap((room) =>
  readdirSync(`${root}${room}`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".rs") && !file.endsWith("tests.rs"))
    .map((file) => readFileSync(`${root}${room}/${file}`, "utf8").split(/^mod tests \{/m)[0] ?? ""),
);

test("every code that Rust refuses with is one of TypeScript's", () => {
  const whole = sources
    .flatMap(texts)
    .filter((text) => /^[a-z]+\.[a-z_]+$/.test(text) && families.has(text.split(".")[0]));
  assert.ok(whole.length >= 16, `${whole.length} were found`);
  assert.deepEqual(
    whole.filter((code) => !codes.has(code) && !code.startsWith("claim.")),
    [],
  );
});

test("every header parameter that Rust refuses has a code in TypeScript", () => {
  const names = sources.flatMap((source) =>
    [
      ...source.matchAll(/Failure::Header\(([^)]*)\)/g),
      ...source.matchAll(/\bparty\(&members, ([^)]*)\)/g),
      ...source.matchAll(/const EXTENSIONS[^=]*= \[([^\]]*)\]/g),
    ].flatMap(([, named = ""]) => texts(named)),
  );
  assert.ok(["cty", "typ", "epk", "apu", "crit", "zip"].every((name) => names.includes(name)));
  assert.deepEqual(
    names.filter((name) => !codes.has(`header.${name}`)),
    [],
  );
});
