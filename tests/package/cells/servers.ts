// Places without a page: the runtimes of servers, and the runners of tests, with the package as npm
// has installed it.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { denoPath } from "../../../scripts/lib/tools.mjs";
import { root, workshop } from "../project.ts";
import { type Cell, inProject, NOT_THERE, project, type Seen, together, tool } from "./cell.ts";

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

/** A version of Node that tools/package.json brings along where it can. */
const nodeOf = (version: string) =>
  join(workshop, "node_modules", `node-${version}`, "bin", "node");

type Command = [command: string, args: readonly string[]];

interface Runtime {
  readonly place: string;
  readonly command: () => Command;
  readonly isThere?: () => boolean;
}

const runtimes: readonly Runtime[] = [
  { place: `Node ${process.versions.node.split(".")[0]}`, command: () => [process.execPath, []] },
  ...["22", "24"].map((version) => ({
    place: `Node ${version}`,
    command: (): Command => [nodeOf(version), []],
    isThere: () => existsSync(nodeOf(version)),
  })),
  { place: "Bun", command: () => [bun(), ["run"]] },
  {
    place: "Deno",
    command: () => [
      denoPath(),
      ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-read", "--allow-env"],
    ],
  },
];

const absent: Seen = { ...NOT_THERE.asInstalled, ...NOT_THERE.noObjects };

const programs: readonly Cell[] = runtimes.map(({ place, command, isThere = () => true }) => ({
  place,
  isThere,
  table: "servers",
  absent,
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
    return together([
      await run("program.js"),
      await run("slim-program.js"),
      await run("required.cjs"),
    ]);
  },
}));

/** The same test file for both runners; what it gathers it prints. */
const SUITE = `
  import { readFileSync } from "node:fs";
  import { createTokenKeep, TokenKeepError } from "tokenkeep";
  import { createVerifier } from "tokenkeep/edge";
  import { createTokenKeep as createSlimTokenKeep } from "tokenkeep/slim";
  import * as testing from "tokenkeep/testing";
  import { exerciseClient, exerciseDpop, exerciseTesting } from "./client.js";
  import { importAll } from "./entries.js";
  import { exerciseRedis } from "./redis.js";
  import { serverWorks } from "./servers.js";
  const at = process.env.AT;
  const wasm = readFileSync("node_modules/tokenkeep/dist/client.wasm");
  const createSlim = (options) => createSlimTokenKeep({ ...options, wasm });
  const works = {
    imports: importAll,
    client: () => exerciseClient(createTokenKeep, at),
    dpop: () => exerciseDpop(createTokenKeep, at + "/~dpop"),
    slim: () => exerciseClient(createSlim, at + "/~slim"),
    ...serverWorks(at),
    redis: () => exerciseRedis(at),
    testing: () => exerciseTesting(testing, { TokenKeepError, createVerifier }),
  };
  for (const [name, work] of Object.entries(works)) test(name, work);
`;

const inRunner: Seen = { ...absent, ...NOT_THERE.noRequire };

const vitest: Cell = {
  place: "Vitest 4",
  table: "servers",
  absent: inRunner,
  async run({ authority }) {
    const made = await project(this.place, {
      "suite.test.js": `import { test } from "vitest";${SUITE}`,
    });
    const AT = authority.cell(this.place, made.folder);
    const report = JSON.parse(
      await inProject(made, tool("vitest"), ["run", "--reporter=json", "--root", "."], { AT }),
    ) as Report;
    return seenBy(report);
  },
};

const jest: Cell = {
  place: "Jest 30",
  table: "servers",
  absent: inRunner,
  async run({ authority }) {
    const made = await project(
      this.place,
      { "suite.test.js": SUITE },
      { jest: { testEnvironment: "node", transform: {} } },
    );
    const AT = authority.cell(this.place, made.folder);
    const report = JSON.parse(
      await inProject(made, tool("jest"), ["--json", "--rootDir", "."], {
        AT,
        NODE_OPTIONS: "--experimental-vm-modules",
      }),
    ) as Report;
    return seenBy(report);
  },
};

/** What both runners write with `json`. */
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
