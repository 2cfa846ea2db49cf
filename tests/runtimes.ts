// The runtimes in which the package has to work beside browsers and Workers, and how a program is
// run in each.

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { denoPath } from "../scripts/lib/tools.mjs";

const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));

/**
 * Bun as npm has installed it for this machine; its package may have moved the program to itself
 * afterwards.
 */
function bun(): string {
  const places = [
    ...readdirSync(`${modules}@oven`).map((name) => `${modules}@oven/${name}/bin/bun`),
    `${modules}bun/bin/bun.exe`,
  ];
  const found = places.find((place) => existsSync(place));
  assert.ok(found !== undefined, `none of ${places.join(", ")} is there`);
  return found;
}

/** Deno knows the package's own name inside of node_modules only, where users have it. */
const self = JSON.stringify({
  imports: { "tokenkeep/edge": new URL("../dist/edge.js", import.meta.url).href },
});

const commands = {
  node: (): [command: string, options: string[]] => [process.execPath, []],
  bun: (): [command: string, options: string[]] => [bun(), ["run"]],
  deno: (): [command: string, options: string[]] => [
    denoPath(),
    [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      // ioredis looks for DEBUG.
      "--allow-env",
      "--no-config",
      "--node-modules-dir=manual",
      `--import-map=data:application/json,${self}`,
    ],
  ],
};

export type Runtime = keyof typeof commands;
export const RUNTIMES: readonly Runtime[] = ["node", "bun", "deno"];

/** Starts a program. */
export function start(
  runtime: Runtime,
  program: string,
  ...words: string[]
): ChildProcessByStdio<null, Readable, Readable> {
  const [command, options] = commands[runtime]();
  const env = { ...process.env, NODE_OPTIONS: "", DENO_NO_UPDATE_CHECK: "1" };
  return spawn(command, [...options, program, ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs a program to its own end, and gives what it printed. */
export function runIn(
  runtime: Runtime,
  program: string,
  ...words: string[]
): Promise<{ code: number | null; output: string }> {
  return ended(start(runtime, program, ...words));
}

/** Waits until a program ends by itself, and gives what it printed. */
export function ended(
  child: ChildProcessByStdio<null, Readable, Readable>,
  heard: (output: string) => void = () => undefined,
): Promise<{ code: number | null; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => heard((output += chunk.toString())));
  const limit = setTimeout(() => {
    output += "\nit did not end by itself";
    child.kill("SIGKILL");
  }, 120_000);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(limit);
      resolve({ code, output });
    });
  });
}
