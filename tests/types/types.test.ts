// The public types as a user's compiler meets them: in a project of its own, with `skipLibCheck`
// off, under both ways of resolving modules; and against the snapshot of what was agreed on.

import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Project, project } from "../package/project.ts";
import { complaints, newest } from "./compiler.ts";
import { shrunk } from "./growth.ts";
import { agreed, built, ENTRIES, exportsOf, isSame, losses } from "./snapshot.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

const programs = [
  "client",
  "edge",
  "hosted",
  "introspection",
  "jwe",
  "logout",
  "mediator",
  "redis",
  "service",
  "slim",
  "testing",
].map((name) => `programs/${name}.ts`);

/** Adds members of its own, as the types of a module allow. */
const AUGMENTED = `
  import { createTokenKeep, TokenKeepError, type Session } from "tokenkeep";
  import type { Policy, Verified } from "tokenkeep/edge";
  declare module "tokenkeep" {
    interface TokenKeepEvents { mine: { n: number } }
    interface Session { readonly nickname?: string }
    interface TokenKeepError { hint?: string }
  }
  declare module "tokenkeep/edge" {
    interface Policy { mine?: string }
    interface Verified { readonly mine?: number }
  }
  const keep = createTokenKeep({ refresh: "/refresh" });
  keep.on("mine", ({ n }) => n.toFixed());
  export const session: Session = { ...keep.session, nickname: "n" };
  export const hint: string | undefined = new TokenKeepError().hint;
  export const policy: Policy = { mine: "x" };
  export const mine = (verified: Verified): number | undefined => verified.mine;
`;

let consumer: Project;
before(async () => {
  consumer = await project("types");
  cpSync(`${here}programs`, consumer.at("programs"), { recursive: true });
});

const resolutions = {
  bundler: {},
  node16: { module: "node16", moduleResolution: "node16" },
  exact: { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
};
for (const [name, options] of Object.entries(resolutions)) {
  test(`types_the_package_accepts_every_program_with_resolution_${name}`, async () => {
    assert.equal(await complaints(consumer, { ...newest, options }, programs), "");
  });
}

const elsewhere = {
  node: { types: ["node"], module: "node16", moduleResolution: "node16" },
  workers: { types: ["@cloudflare/workers-types"] },
};
for (const [name, options] of Object.entries(elsewhere)) {
  test(`types_the_verifier_needs_no_dom_with_the_types_of_${name}`, async () => {
    assert.equal(
      await complaints(consumer, { ...newest, options: { lib: ["es2022"], ...options } }, [
        `programs/${name}.ts`,
      ]),
      "",
    );
  });
}

test("types_the_client_needs_no_page_with_the_types_of_workers", async () => {
  const options = { lib: ["es2022", "webworker"] };
  assert.equal(
    await complaints(consumer, { ...newest, options }, ["programs/service-worker.ts"]),
    "",
  );
});

test("types_an_application_may_add_to_the_interfaces", async () => {
  consumer.write("augmented.ts", AUGMENTED);
  assert.equal(await complaints(consumer, newest, ["augmented.ts"]), "");
});

test("types_a_wrong_program_is_refused", async () => {
  consumer.write(
    "wrong.ts",
    [
      'import { createTokenKeep } from "tokenkeep";',
      'import { createVerifier } from "tokenkeep/edge";',
      "createTokenKeep({});",
      'createVerifier({ issuers: [{ issuer: "i", audience: "a" }] });',
    ].join("\n"),
  );
  const said = await complaints(consumer, newest, ["wrong.ts"]);
  assert.match(said, /wrong\.ts\(3,.*'refresh' is missing/s);
  assert.match(said, /wrong\.ts\(4,.*'algorithms' is missing/s);
});

test("types_are_those_of_the_snapshot", async () => {
  const [now, before] = [built(), agreed()];
  if (isSame(now, before)) return;
  const lost = await losses(consumer, now, before);
  assert.fail(
    lost.length === 0
      ? "The public types only grew: `npm run types` writes the snapshot anew."
      : `The public types lost something: ${lost.join(", ")}. See \`npm run types\`.`,
  );
});

test("types_that_did_not_change_lost_nothing", async () => {
  assert.deepEqual(await losses(consumer, agreed(), agreed()), []);
});

test("types_every_public_name_is_used_by_a_program", () => {
  for (const [half, file] of [
    ["client", ENTRIES.tokenkeep],
    ["edge", ENTRIES["tokenkeep/edge"]],
    ["introspection", ENTRIES["tokenkeep/introspection"]],
    ["jwe", ENTRIES["tokenkeep/jwe"]],
    ["logout", ENTRIES["tokenkeep/logout"]],
    ["mediator", ENTRIES["tokenkeep/mediator"]],
    ["redis", ENTRIES["tokenkeep/redis"]],
    ["service", ENTRIES["tokenkeep/service"]],
  ] as const) {
    const names = exportsOf(built(), file).map(({ name }) => name);
    assert.ok(names.length >= 4);
    const program = readFileSync(`${here}programs/${half}.ts`, "utf8");
    for (const name of names)
      assert.ok(new RegExp(`\\b${name}\\b`).test(program), `${half}.ts does not use ${name}`);
  }
});

/** Declarations before and after, and the names that lost something. */
const changes: readonly (readonly [before: string, now: string, ...lost: string[]])[] = [
  ["interface Session { a: string }", "interface Session { a: string; b: number }"],
  ["interface Session { a: string; b: number }", "interface Session { a: string }", "Session"],
  ["interface Session { a?: string }", "interface Session { }", "Session"],
  ["interface Session { a: string }", "interface Session { a: number }", "Session"],
  ["interface Session { a: string }", "interface Session { readonly a: string }", "Session"],
  ["interface Session { a: { b: 1 | 2 } }", "interface Session { a: { b: 1 | 2 | 3 } }"],
  ["interface Session { a: { b: 1 | 2 } }", "interface Session { a: { b: 1 } }", "Session"],
  ["interface Session { a: string }", "interface Session { a: string | null }", "Session"],
  ["interface Session { a: string }", "interface Session { a?: string }", "Session"],
  ["interface Session { a?: { b: 1 } }", "interface Session { a?: { b: 1; c: 2 } }"],
  ["interface MyOptions { a: string }", "interface MyOptions { a: string | null }"],
  ["interface MyOptions { a: string | null }", "interface MyOptions { a: string }", "MyOptions"],
  ["interface MyOptions { a: string }", "interface MyOptions { a: string; b?: string }"],
  ["interface MyOptions { a: string }", "interface MyOptions { a: string; b: 1 }", "MyOptions"],
  ["interface MyOptions { a: string }", "interface MyOptions { a?: string }"],
  [
    "interface Session { a: readonly string[] }",
    "interface Session { a: readonly 1[] }",
    "Session",
  ],
  ['type Status = "a" | "b"', 'type Status = "a" | "b" | "c"'],
  ['type Status = "a" | "b"', 'type Status = "a"', "Status"],
  ['type Event = { type: "a"; n: 1 }', 'type Event = { type: "a"; n: 1 } | { type: "b"; m: 1 }'],
  ['type Event = { type: "a" } | { type: "b"; m: 1 }', 'type Event = { type: "a" }', "Event"],
  ["function make(a: string): void", "function make(a: string, b?: number): void"],
  ["function make(a: string): void", "function make(a: string, b: number): void", "make"],
  ["function make(a: string | URL): void", "function make(a: string): void", "make"],
  ["interface Keep { go(): Promise<1> }", "interface Keep { go(a?: string): Promise<1> }"],
  ["interface Keep { go(): Promise<1> }", "interface Keep { go: any }", "Keep"],
];
for (const [place, [before, now, ...lost]] of changes.entries()) {
  test(`types_the_comparison_tells_${lost.length === 0 ? "growth" : "loss"}: ${now}`, async () => {
    for (const [which, text] of Object.entries({ before, now }))
      consumer.write(`${which}-${place}.d.ts`, `export declare ${text};\n`);
    const [, kind, name = ""] = /^(\w+) (\w+)/.exec(before) ?? [];
    const exported = [{ name, isFunction: kind === "function" }];
    assert.deepEqual(
      await shrunk(consumer, `./now-${place}.js`, `./before-${place}.js`, exported),
      lost,
    );
  });
}
