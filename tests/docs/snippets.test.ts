// Every TypeScript block of every document passes tsc against the built package, by itself. To
// check the documents alone: `node --import tsx --test tests/docs/snippets.test.ts`, after
// `npm run build`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { check, documents, root, snippetsOf } from "./snippets.ts";

const texts = new Map(documents().map((path) => [path, readFileSync(join(root, path), "utf8")]));
const withCode = [...texts].filter(([, text]) => snippetsOf(text).length > 0);

describe("the code in the documents", () => {
  let found: Map<string, string[]> | undefined;
  before(async () => {
    found = await check("documents", Object.fromEntries(withCode));
  });
  for (const [path] of withCode) {
    test(path, () => {
      const complaints = found?.get(path) ?? ["It was not checked."];
      assert.ok(complaints.length === 0, `\n${complaints.join("\n")}`);
    });
  }
});

test("the documents that have to have code have some", () => {
  for (const path of ["README.md", "docs/edge.md"])
    assert.ok(snippetsOf(texts.get(path) ?? "").length > 0, path);
});

const fenced = (code: string, language = "ts") => `# Title\n\n\`\`\`${language}\n${code}\n\`\`\`\n`;

test("a wrong block is told with its line, a right one is not", async () => {
  const found = await check("planted", {
    "docs/right.md": fenced(
      'import { createVerifier } from "tokenkeep/edge";\nexport type V = ReturnType<typeof createVerifier>;',
    ),
    "docs/no-such-name.md": fenced(
      'import { createVerifyer } from "tokenkeep/edge";\ncreateVerifyer();',
    ),
    "docs/no-such-option.md": fenced(
      'import { createTokenKeep } from "tokenkeep";\n\ncreateTokenKeep({ refresh: "/r", origins: [], leway: 5 });',
    ),
    "docs/undeclared.md": fenced("verifier.verify(token);"),
    "docs/no-such-entry.md": fenced('import "tokenkeep/nothing";'),
    "docs/javascript.md": fenced(
      'import { createTokenKeep } from "tokenkeep";\ncreateTokenKeep(1);',
      "js",
    ),
    "docs/markup.md": fenced(
      'import { useTokenKeep } from "tokenkeep/react";\nexport const A = () => <p>{useTokenKeep()}</p>;',
      "tsx",
    ),
    "docs/component.md": fenced(
      '<script setup lang="ts">\nconst n: number = "x";\n</script>\n<template><p>{{ n }}</p></template>',
      "vue",
    ),
    "docs/prelude.md": `<!-- prelude\nconst n: number = "x";\n-->\n\n${fenced("console.log(n);").slice(9)}`,
  });
  const told = Object.fromEntries(
    [...found].map(([path, complaints]) => [
      path,
      complaints.map((line) => line.replace(/: .*?(TS\d+).*/, " $1")),
    ]),
  );
  assert.deepEqual(told, {
    "docs/right.md": [],
    "docs/no-such-name.md": ["docs/no-such-name.md:4 TS2724"],
    "docs/no-such-option.md": ["docs/no-such-option.md:6 TS2561"],
    "docs/undeclared.md": ["docs/undeclared.md:4 TS2304", "docs/undeclared.md:4 TS2304"],
    "docs/no-such-entry.md": ["docs/no-such-entry.md:4 TS2882"],
    "docs/javascript.md": ["docs/javascript.md:5 TS2345"],
    "docs/markup.md": told["docs/markup.md"],
    "docs/component.md": ["docs/component.md:5 TS2322"],
    "docs/prelude.md": ["docs/prelude.md:6, prelude TS2322"],
  });
  assert.ok((told["docs/markup.md"] ?? []).length > 0);
});

test("blocks are found wherever Markdown has them, with what goes before them", () => {
  const markdown = [
    "```sh",
    "npm start",
    "```",
    "- item",
    "",
    "  ```ts {1,3}",
    "  const a = 1;",
    "    const b = 2;",
    "  ```",
    "<!-- prelude",
    "declare const c: number;",
    "-->",
    "",
    "~~~~tsx",
    "c;",
    "```",
    "~~~~",
    "```json",
    "{}",
    "```",
  ].join("\r\n");
  assert.deepEqual(snippetsOf(markdown), [
    { line: 7, extension: "ts", prelude: [], code: ["const a = 1;", "  const b = 2;"] },
    { line: 15, extension: "tsx", prelude: ["declare const c: number;"], code: ["c;", "```"] },
  ]);
  assert.throws(() => snippetsOf("```ts\nconst a = 1;"), /no end/);
  assert.throws(
    () => snippetsOf("<!-- prelude\nconst a = 1;\n-->\nText\n```ts\na;\n```"),
    /right below/,
  );
});
