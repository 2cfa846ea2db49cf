// Places without a page: the runtimes of servers, and the runners of tests, with the package as npm
// has installed it.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { denoPath } from "../../../scripts/setup.mjs";
import type { Authority } from "../authority.ts";
import { root } from "../project.ts";
import { type Cell, inProject, NOT_THERE, project, type Seen, tool } from "./cell.ts";

/**
 * Bun as npm has installed it for this machine; its package may have moved the program to itself
 * afterwards.
 */
function bun(): string {
  const modules = join(root, "node_modules");
  const places = [
    ...readdirSync(join(modules, "@oven")).map((name) =>
      join(modules, "@oven", name, "bin", "bun"),
    ),
    join(modules, "bun", "bin", "bun.exe"),
  ];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`none of ${places.join(", ")} is there`);
  return found;
}

const runtimes: Readonly<Record<string, () => [command: string, args: readonly string[]]>> = {
  "Node 20": () => [process.execPath, []],
  Bun: () => [bun(), ["run"]],
  Deno: () => [denoPath(), ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-read"]],
};

const absent: Seen = { ...NOT_THERE.types, ...NOT_THERE.noPage, ...NOT_THERE.asInstalled };

const noRunner: Seen = { ...absent, ...NOT_THERE.noTests };

const programs: readonly Cell[] = Object.entries(runtimes).map(([place, command]) => ({
  place,
  absent: noRunner,
  async run({ authority }) {
    const made = await project(place);
    const [runtime, args] = command();
    const run = async (program: string) =>
      JSON.parse(
        await inProject(made, runtime, [
          ...args,
          program,
          authority.cell(`${place} ${program}`, made.folder),
        ]),
      ) as Seen;
    return { ...(await run("program.js")), ...(await run("slim-program.js")) };
  },
}));

/** The same test file for both runners; what it gathers it prints. */
const SUITE = `
  import { readFileSync } from "node:fs";
  import { Hono } from "hono";
  import { createTokenKeep, TokenKeepError } from "tokenkeep";
  import { discover } from "tokenkeep/discovery";
  import { createVerifier, VerifyError } from "tokenkeep/edge";
  import { guard } from "tokenkeep/hono";
  import { introspection } from "tokenkeep/introspection";
  import { decryptCompact } from "tokenkeep/jwe";
  import { logoutReceiver } from "tokenkeep/logout";
  import { redisRevocation } from "tokenkeep/redis";
  import { protectedResource } from "tokenkeep/resource";
  import { createTokenKeep as createSlimTokenKeep } from "tokenkeep/slim";
  import { fakeKeep, memoryKv, testIssuer } from "tokenkeep/testing";
  import { exerciseClient, exerciseDiscovery, exerciseEdge, exerciseHono, exerciseIntrospection, exerciseJwe, exerciseLogout, exerciseRedis, exerciseResource, exerciseTesting } from "./exercise.js";
  const wasm = readFileSync("node_modules/tokenkeep/dist/client.wasm");
  test("client", () => exerciseClient(createTokenKeep, process.env.AT));
  test("slim", () => exerciseClient((options) => createSlimTokenKeep({ ...options, wasm }), process.env.AT + "-slim"));
  test("edge", () => exerciseEdge(createVerifier, process.env.AT));
  test("discovery", () => exerciseDiscovery(discover, createVerifier));
  test("testing", () => exerciseTesting({ fakeKeep, memoryKv, testIssuer }, { TokenKeepError, createVerifier }));
  test("hono", () => exerciseHono(Hono, guard, createVerifier, process.env.AT));
  test("introspection", () => exerciseIntrospection(introspection, createVerifier, VerifyError));
  test("jwe", () => exerciseJwe(decryptCompact, VerifyError));
  test("logout", () => exerciseLogout(logoutReceiver, VerifyError));
  test("resource", () => exerciseResource(protectedResource, VerifyError));
  test("redis", () => exerciseRedis(redisRevocation, VerifyError));
`;

/** Two cells, for each client that signs in: AT, and AT with "-slim" after it. */
function cells(authority: Authority, place: string, folder: string): string {
  authority.cell(`${place} slim`, folder);
  return authority.cell(place, folder);
}

const vitest: Cell = {
  place: "Vitest 4",
  absent,
  async run({ authority }) {
    const made = await project(this.place, {
      "suite.test.js": `import { test } from "vitest";${SUITE}`,
    });
    const AT = cells(authority, this.place, made.folder);
    const report = JSON.parse(
      await inProject(made, tool("vitest"), ["run", "--reporter=json", "--root", "."], { AT }),
    ) as Report;
    return seenBy(report);
  },
};

const jest: Cell = {
  place: "Jest 30",
  absent,
  async run({ authority }) {
    const made = await project(
      this.place,
      { "suite.test.js": SUITE },
      { jest: { testEnvironment: "node", transform: {} } },
    );
    const AT = cells(authority, this.place, made.folder);
    const report = JSON.parse(
      await inProject(made, tool("jest"), ["--json", "--rootDir", "."], {
        AT,
        NODE_OPTIONS: "--experimental-vm-modules",
      }),
    ) as Report;
    return seenBy(report);
  },
};

/** What both runners write with \`json\`. */
interface Report {
  testResults: {
    assertionResults: { title: string; status: string; failureMessages: string[] }[];
  }[];
}

function seenBy({ testResults }: Report): Seen {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  return Object.fromEntries(
    results.map(({ title, status, failureMessages }) => [
      title,
      status === "passed" ? "ok" : failureMessages.join("\n"),
    ]),
  );
}

export const runtimeCells = programs;
export const serverCells: readonly Cell[] = [...programs, vitest, jest];
