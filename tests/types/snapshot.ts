// The public types of the package as they were last agreed on: tests/types/snapshot holds the
// declarations of dist/, without comments, in the same folders. A test compares the two. Alone:
// `npm run types` says whether the types of dist/ only grew and writes them down if they did;
// `npm run types -- --breaking` writes them down in any case.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { type Project, project, root } from "../package/project.ts";
import { shrunk } from "./growth.ts";

export const SNAPSHOT = fileURLToPath(new URL("snapshot", import.meta.url));
const DIST = join(root, "dist");

/** What a program may import, and the file that declares it. */
export const ENTRIES = {
  tokenkeep: "index.d.ts",
  "tokenkeep/slim": "slim.d.ts",
  "tokenkeep/hosted": "hosted.d.ts",
  "tokenkeep/worker": "worker.d.ts",
  "tokenkeep/react": "react.d.ts",
  "tokenkeep/edge": "edge.d.ts",
  "tokenkeep/discovery": "discovery.d.ts",
  "tokenkeep/mediator": "mediator.d.ts",
  "tokenkeep/hono": "hono.d.ts",
  "tokenkeep/introspection": "introspection.d.ts",
  "tokenkeep/jwe": "jwe.d.ts",
  "tokenkeep/logout": "logout.d.ts",
  "tokenkeep/redirects": "redirects.d.ts",
  "tokenkeep/resource": "resource.d.ts",
  "tokenkeep/redis": "redis.d.ts",
  "tokenkeep/service": "service.d.ts",
  "tokenkeep/testing": "testing.d.ts",
} as const;

export type Declarations = ReadonlyMap<string, string>;

/** The declarations in a folder, by path, without comments. */
function read(folder: string): Declarations {
  const names = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((name) => name.replaceAll("\\", "/"))
        .filter((name) => name.endsWith(".d.ts"))
        .sort()
    : [];
  return new Map(
    names.map((name) => [name, withoutComments(readFileSync(join(folder, name), "utf8"))]),
  );
}

/** tsc writes a comment on lines of its own, or after a declaration. */
function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*\*?[\s\S]*?\*\/\n/gm, "").replace(/ *\/\/ .*$/gm, "");
}

export const agreed = (): Declarations => read(SNAPSHOT);
export const built = (): Declarations => read(DIST);

export interface Exported {
  readonly name: string;
  readonly isType: boolean;
  readonly isFunction: boolean;
}

/** What an entry exports, through all files that it names. */
export function exportsOf(declarations: Declarations, file: string): readonly Exported[] {
  const text = declarations.get(file) ?? "";
  const own = [
    ...text.matchAll(/^export (?:declare )?(interface|type|class|function) (\w+)/gm),
  ].map(([, kind = "", name = ""]) => ({
    name,
    isType: kind !== "function",
    isFunction: kind === "function",
  }));
  const others = [...text.matchAll(/^export (?:type )?(\*|\{[^}]*\}) from "(.*)\.js";$/gm)].flatMap(
    ([, what = "", from = ""]) => {
      const there = exportsOf(declarations, join(dirname(file), `${from}.d.ts`));
      const names = [...what.matchAll(/\w+(?=[ ,}])/g)].map(([name]) => name);
      return what === "*" ? there : there.filter(({ name }) => names.includes(name));
    },
  );
  const all = new Map([...own, ...others].map((exported) => [exported.name, exported]));
  return [...all.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** What `now` has lost of `before`, as a compiler sees it in a project; none is the aim. */
export async function losses(
  consumer: Project,
  now: Declarations,
  before: Declarations,
): Promise<string[]> {
  for (const [folder, declarations] of Object.entries({ now, before }))
    for (const [name, text] of declarations) consumer.write(`${folder}/${name}`, text);
  const lost: string[] = [];
  for (const [entry, file] of Object.entries(ENTRIES)) {
    const was = exportsOf(before, file);
    const is = new Set(exportsOf(now, file).map(({ name }) => name));
    const gone = was.filter(({ name }) => !is.has(name)).map(({ name }) => name);
    const kept = was.filter(({ name }) => is.has(name));
    const module = file.replace(/\.d\.ts$/, ".js");
    const less = await shrunk(consumer, `./now/${module}`, `./before/${module}`, kept);
    lost.push(...[...gone, ...less].map((name) => `${entry}: ${name}`));
  }
  return lost;
}

function write(declarations: Declarations): void {
  rmSync(SNAPSHOT, { recursive: true, force: true });
  for (const [name, text] of declarations) {
    mkdirSync(dirname(join(SNAPSHOT, name)), { recursive: true });
    writeFileSync(join(SNAPSHOT, name), text);
  }
}

export function isSame(one: Declarations, other: Declarations): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [now, before] = [built(), agreed()];
  if (isSame(now, before)) {
    console.log("The public types are those of the snapshot.");
  } else {
    const lost = await losses(await project("types snapshot"), now, before);
    if (lost.length === 0) console.log("The public types only grew.");
    else
      console.log(
        `The public types lost something:\n${lost.map((name) => `- ${name}`).join("\n")}`,
      );
    if (lost.length === 0 || argv.includes("--breaking")) {
      write(now);
      console.log("tests/types/snapshot is written.");
    } else {
      console.log("Nothing is written; `npm run types -- --breaking` writes them all the same.");
      process.exitCode = 1;
    }
  }
}
