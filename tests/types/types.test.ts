// The public types as a user's compiler meets them: in a project of its own, with `skipLibCheck`
// off, under both ways of resolving modules. The programs are also checked against the promises
// alone, so that what the package has to accept is what was promised.

import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Project, project } from "../package/project.ts";
import { complaints, newest } from "./compiler.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

const promised = ["programs/client.ts", "programs/edge.ts"];
const programs = [...promised, "programs/slim.ts"];

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
  for (const folder of ["programs", "contract"])
    cpSync(`${here}${folder}`, consumer.at(folder), { recursive: true });
});

test("types_the_programs_are_what_was_promised", async () => {
  const paths = {
    tokenkeep: ["./contract/client.d.ts"],
    "tokenkeep/edge": ["./contract/edge.d.ts"],
  };
  assert.equal(await complaints(consumer, { ...newest, options: { paths } }, promised), "");
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
  const paths = {
    tokenkeep: ["./contract/client.d.ts"],
    "tokenkeep/edge": ["./contract/edge.d.ts"],
  };
  assert.equal(await complaints(consumer, { ...newest, options: { paths } }, ["augmented.ts"]), "");
  assert.equal(await complaints(consumer, newest, ["augmented.ts"]), "");
});

test("types_a_wrong_program_is_refused", async () => {
  consumer.write(
    "wrong.ts",
    'import { createTokenKeep } from "tokenkeep";\nimport { createVerifier } from "tokenkeep/edge";\ncreateTokenKeep({});\ncreateVerifier({ issuers: [{ issuer: "i", audience: "a" }] });\n',
  );
  const said = await complaints(consumer, newest, ["wrong.ts"]);
  assert.match(said, /wrong\.ts\(3,.*'refresh' is missing/s);
  assert.match(said, /wrong\.ts\(4,.*'algorithms' is missing/s);
});

test("types_every_promised_name_is_compared_and_used", () => {
  const comparisons = readFileSync(`${here}promises.ts`, "utf8");
  for (const half of ["client", "edge"]) {
    const contract = readFileSync(`${here}contract/${half}.d.ts`, "utf8");
    const names = [...contract.matchAll(/^export (?:interface|type|class|function) (\w+)/gm)].map(
      (match) => match[1]!,
    );
    assert.ok(names.length > 10);
    const program = readFileSync(`${here}programs/${half}.ts`, "utf8");
    for (const name of names)
      assert.match(program, new RegExp(`\\b${name}\\b`), `${name} is not used`);
    const types = [...contract.matchAll(/^export (?:interface|type|class) (\w+)/gm)].map(
      (match) => match[1]!,
    );
    for (const name of types)
      assert.match(comparisons, new RegExp(`^  ${name}: Promised`, "m"), `${name} is not compared`);
  }
});
