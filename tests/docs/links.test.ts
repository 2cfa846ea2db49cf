// What documents point to is there: the files they link to, and the tests that they name as
// evidence.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { documents, root } from "./snippets.ts";

const texts = documents().map((path) => [path, readFileSync(join(root, path), "utf8")] as const);

test("files that documents link to exist", () => {
  const links = texts.flatMap(([path, text]) =>
    [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)|^\[[^\]]+\]: (\S+)/gm)].map(
      (match) => [path, match[1] ?? match[2] ?? ""] as const,
    ),
  );
  // From the root the site is another place: docs/api is written by the build, and `/` is
  // VitePress' own.
  const local = links.filter(([, link]) => !/^[a-z]+:|^\//.test(link));
  assert.ok(local.length > 20);
  assert.deepEqual(
    local.filter(([path, link]) => !existsSync(join(root, dirname(path), link))),
    [],
  );
});

test("tests that documents name exist", () => {
  const files = readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts"),
  );
  const tests = files.map((name) => readFileSync(join(root, "tests", name), "utf8")).join("\n");
  const named = texts.flatMap(([path, text]) =>
    [...text.matchAll(/`((?:client|edge|mediator|service)_[A-Z]\w*)(…?)`/g)].map(
      (match) => [path, match[1] ?? "", match[2] === "…"] as const,
    ),
  );
  assert.ok(named.length > 10);
  const exists = (name: string, abridged: boolean) =>
    ['"', "`"].some((quote) => tests.includes(`${quote}${name}${abridged ? "" : quote}`));
  assert.deepEqual(
    named.filter(([, name, abridged]) => !exists(name, abridged)),
    [],
  );
});

test("tests that documents quote are in the files that they name", () => {
  const quoted = texts.flatMap(([path, text]) =>
    [...text.matchAll(/`(tests\/[\w./-]+\.test\.ts)`:\s*\*([^*]+)\*/g)].map(
      (match) => [path, match[1] ?? "", match[2] ?? ""] as const,
    ),
  );
  assert.ok(quoted.length > 25);
  assert.deepEqual(
    quoted.filter(
      ([, file, name]) =>
        !readFileSync(join(root, file), "utf8").includes(name.replace(/\s+/g, " ")),
    ),
    [],
  );
});

test("files and folders of the project that documents name in code exist", () => {
  const named = texts.flatMap(([path, text]) =>
    [...text.matchAll(/`((?:src|js|tests|www|scripts|docs|kit|examples|benches)\/[\w./-]+)`/g)].map(
      (match) => [path, match[1] ?? ""] as const,
    ),
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(([, name]) => !existsSync(join(root, name))),
    [],
  );
});
