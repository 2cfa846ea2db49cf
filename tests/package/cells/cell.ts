// What a cell of the matrix is, and what most of them need: the tools, a page in Chromium, a
// program that runs to its end, and the number of copies of each wasm in an output.

import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../../scripts/lib/run.mjs";
import type { Chromium } from "../../client/browser.ts";
import type { Authority } from "../authority.ts";
import { type Project, project, root, workshop } from "../project.ts";

/** The tables of the matrix: what the rows of each have tried, "wasm" for the number of copies. */
export const TABLES = {
  types: ["types"],
  pages: [
    "client",
    "dpop",
    "slim",
    "dedicated",
    "shared",
    "host",
    "redirects",
    "react",
    "edge",
    "wasm",
  ],
  servers: [
    "imports",
    "require",
    "client",
    "dpop",
    "slim",
    "edge",
    "discovery",
    "hono",
    "resource",
    "logout",
    "introspection",
    "jwe",
    "service",
    "mediator",
    "redis",
    "replay",
    "testing",
    "wasm",
  ],
} as const;
export type Table = keyof typeof TABLES;
export type Part = (typeof TABLES)[Table][number];

/** What came of the parts: "ok", what went wrong, or, after a dash, why there is nothing to run. */
export type Seen = Partial<Record<Part, string>>;

/** Why a part can't be tried somewhere. A cell that leaves a part out without a reason fails. */
export const NOT_THERE = {
  noRequire: { require: "- there are ES modules only" },
  noSockets: { redis: "- the clients of Redis open sockets as Node does" },
  noObjects: { replay: "- only Workers have Durable Objects" },
  noTests: { testing: "- no tests run here" },
  noPage: { redirects: "- there is no page that redirects", react: "- there is no page to render" },
  isWorker: {
    dedicated: "- it is a worker itself",
    shared: "- it is a worker itself",
    host: "- it is a worker itself",
  },
  asInstalled: { wasm: "- nothing is bundled: the files are those that were installed" },
} satisfies Record<string, Seen>;

export interface Bench {
  readonly authority: Authority;
  /** For cells with a page. */
  readonly browser: Chromium | null;
}

export interface Cell {
  readonly place: string;
  readonly table: Table;
  /** The parts that it does not try, with the reason of each. */
  readonly absent: Seen;
  /** Whether the machine has what it needs; left out, always. */
  isThere?(): boolean;
  run(bench: Bench): Promise<Seen>;
}

/** "ok" of all the parts that several runs of a cell have seen, or what is not. */
export function together(all: readonly Seen[]): Seen {
  const seen: Seen = {};
  for (const [part, said] of all.flatMap((one) => Object.entries(one)) as [Part, string][])
    if ((seen[part] ?? "ok") === "ok") seen[part] = said;
  return seen;
}

export const tool = (name: string) => join(workshop, "node_modules", ".bin", name);

export const PAGE =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>cell</title><link rel="icon" href="data:,"></head><body><script type="module" src="./app.js"></script></body></html>\n';

/** Runs a program of a project to its end; what it prints is the answer. */
export async function inProject(
  { folder }: Project,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const quiet = {
    NODE_OPTIONS: "",
    NEXT_TELEMETRY_DISABLED: "1",
    WRANGLER_SEND_METRICS: "false",
    DENO_NO_UPDATE_CHECK: "1",
    CI: "true",
    NODE_ENV: "",
  };
  return (await must(command, args, { cwd: folder, seconds: 300, env: { ...quiet, ...env } }))
    .stdout;
}

/** What a page tells under `#seen`. It is opened as by the redirect that ends a sign-in. */
export async function seenOn({ browser }: Bench, page: string, at: string): Promise<Seen> {
  if (browser === null) throw new Error("there is no browser");
  const context = await browser.context();
  const errors: string[] = [];
  try {
    const opened = await context.newPage();
    opened.on("pageerror", (error) => errors.push(error.message));
    opened.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await opened.goto(`${page}?at=${encodeURIComponent(at)}&tokenkeep=in`);
    const place = opened.locator("#seen");
    await place.waitFor({ timeout: 60_000 }).catch(() => {
      throw new Error(`the page never told: ${errors.join("; ")}`);
    });
    return JSON.parse((await place.textContent()) ?? "{}") as Seen;
  } finally {
    await browser.leave(context);
  }
}

/**
 * A server that runs while `use` does. `args` starts it, and it says where it is in a line that
 * matches `address`.
 */
export async function whileServing<T>(
  { folder }: Project,
  args: readonly string[],
  address: RegExp,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", NODE_ENV: "", NEXT_TELEMETRY_DISABLED: "1" },
  });
  let said = "";
  try {
    const origin = await new Promise<string>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`it never said where it is:\n${said}`)),
        120_000,
      );
      const hear = (chunk: Buffer) => {
        said += chunk.toString();
        const found = address.exec(said)?.[1];
        if (found === undefined) return;
        clearTimeout(limit);
        resolve(found);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("exit", () => reject(new Error(`it ended:\n${said}`)));
    });
    return await use(origin);
  } finally {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/** A piece from the middle of the inlined wasm, which no bundler changes. */
const mark = (half: string) =>
  readFileSync(join(root, "build", half, "inlined.js"), "latin1").slice(2_000, 2_200);

function occurrences(text: string, piece: string): number {
  return text.split(piece).length - 1;
}

/** "ok" when each wasm is in the output as often as it should be, inlined and as files. */
export function copies(folder: string, wanted: { client?: number; edge?: number }): string {
  const found = { client: 0, edge: 0 };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith(".map")) continue;
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    const text = bytes.toString("latin1");
    for (const half of ["client", "edge"] as const) {
      found[half] += occurrences(text, mark(half));
      if (bytes.equals(readFileSync(join(root, "dist", `${half}.wasm`)))) found[half] += 1;
    }
  }
  const [client, edge] = [wanted.client ?? 0, wanted.edge ?? 0];
  const right = found.client === client && found.edge === edge;
  return right
    ? "ok"
    : `client ${found.client} times and not ${client}, edge ${found.edge} times and not ${edge}`;
}

export { type Project, project };
