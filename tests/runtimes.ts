// The runtimes in which the package has to work beside browsers and Workers, and how a program is
// run in each.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { denoPath } from "../scripts/setup.mjs";

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

const commands = {
  node: (): [command: string, options: string[]] => [process.execPath, []],
  bun: (): [command: string, options: string[]] => [bun(), ["run"]],
  deno: (): [command: string, options: string[]] => [
    denoPath(),
    ["run", "--quiet", "--no-prompt", "--allow-net", "--allow-read", "--no-config"],
  ],
};

export type Runtime = keyof typeof commands;
export const RUNTIMES: readonly Runtime[] = ["node", "bun", "deno"];

/** Runs a program to its own end, and gives what it printed. */
export function runIn(
  runtime: Runtime,
  program: string,
  ...words: string[]
): Promise<{ code: number | null; output: string }> {
  const [command, options] = commands[runtime]();
  const env = { ...process.env, NODE_OPTIONS: "", DENO_NO_UPDATE_CHECK: "1" };
  const child = spawn(command, [...options, program, ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
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
