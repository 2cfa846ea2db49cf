// What can be seen of the tarball without running it: whether its manifest tells the truth, and
// whether TypeScript finds its types, the oldest version that is supported and the newest.

import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../../scripts/lib/run.mjs";
import { complaints, newest } from "../../types/compiler.ts";
import { packed, root, workshop } from "../project.ts";
import { type Cell, inProject, project, tool } from "./cell.ts";

const told = (said: string) => (said === "" ? "ok" : said);

const publint: Cell = {
  place: "publint --strict",
  table: "types",
  absent: {},
  async run() {
    const { path } = await packed();
    const { stdout } = await must(process.execPath, [
      join(root, "node_modules", "publint", "src", "cli.js"),
      "run",
      path,
      "--strict",
    ]);
    return { types: stdout.includes("All good!") ? "ok" : stdout };
  },
};

/**
 * Exceptions: the profile leaves out TypeScript's "node10", which knows no
 * `exports`, and `require`, for this package is ESM only; and the entries that are no modules have
 * no types.
 */
const attw: Cell = {
  place: "Are the types wrong?",
  table: "types",
  absent: {},
  async run() {
    const { path } = await packed();
    const made = await project(this.place.replaceAll(/\W+/g, "-"));
    const options = [
      "--profile",
      "esm-only",
      "--exclude-entrypoints",
      "client.wasm",
      "edge.wasm",
      "package.json",
      "--format",
      "json",
    ];
    const { analysis } = JSON.parse(await inProject(made, tool("attw"), [path, ...options])) as {
      analysis: { entrypoints: Record<string, unknown> };
    };
    const entries = Object.keys(analysis.entrypoints).length;
    return { types: entries >= 6 ? "ok" : `it looked at ${entries} entries only` };
  },
};

const resolutions = {
  bundler: {},
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
};

/** The types' own programs, but for those that are about another surrounding than a page. */
const programs = readdirSync(join(root, "tests", "types", "programs"))
  .filter((name) => !["node.ts", "service-worker.ts", "workers.ts"].includes(name))
  .map((name) => `programs/${name}`);

const compilers = {
  "5.0": join(workshop, "node_modules", "typescript-5.0", "bin", "tsc"),
  newest: newest.tsc,
};

const typed: readonly Cell[] = Object.entries(compilers).flatMap(([version, tsc]) =>
  Object.entries(resolutions).map(([name, options]) => ({
    place: `TypeScript ${version}, ${name}`,
    table: "types",
    absent: {},
    async run() {
      const made = await project(this.place);
      cpSync(join(root, "tests", "types", "programs"), made.at("programs"), { recursive: true });
      return {
        types: told(await complaints(made, { tsc, options }, programs)),
      };
    },
  })),
);

export const shapeCells: readonly Cell[] = [publint, attw, ...typed];
