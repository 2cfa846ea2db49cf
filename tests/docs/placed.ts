// Examples as people have them: a copy of the folder with the package in it as npm brings it. Their
// other packages are the project's own, and are found above.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { sqlitePath } from "../../scripts/lib/tools.mjs";
import { packed, root } from "../package/project.ts";

/** Copies a folder of examples/ and gives the copy's path; it lives as long as this process. */
export async function placed(name: string): Promise<string> {
  const folder = join(root, "build", "examples", String(process.pid), name);
  rmSync(folder, { recursive: true, force: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, "examples", name), folder, {
    recursive: true,
    filter: (path) => !/node_modules|\.db$/.test(path),
  });
  const packages = join(folder, "node_modules");
  mkdirSync(join(packages, "tokenkeep"), { recursive: true });
  const { path } = await packed();
  execFileSync("tar", ["-xzf", path, "-C", join(packages, "tokenkeep"), "--strip-components=1"]);
  symlinkSync(sqlitePath, join(packages, "better-sqlite3"));
  return folder;
}

/**
 * A port that nobody listens on. It is below those that systems hand out by themselves, from 32768
 * on: a program that takes half a minute to come up still finds it free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "localhost", () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

export interface Program {
  /** Ends it, with all that it started. */
  end(): Promise<void>;
}

/** Starts a program, and waits until it has printed each of these. */
export async function started(
  command: readonly [string, ...string[]],
  { cwd, env, until }: { cwd: string; env: Record<string, string>; until: readonly RegExp[] },
): Promise<Program> {
  const [name, ...args] = command;
  const child: ChildProcess = spawn(name, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: npm starts others, and they start others.
    detached: true,
  });
  let said = "";
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = async () => {
    try {
      process.kill(-(child.pid ?? assert.fail("it has no id")), "SIGKILL");
    } catch {
      // They have ended already.
    }
    await closed;
  };
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(`${command.join(" ")} did not come up:\n${said}`));
    const timer = setTimeout(fail, 120_000);
    void closed.then(fail);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const plain = stripVTControlCharacters(said);
        if (!until.every((wanted) => wanted.test(plain))) return;
        clearTimeout(timer);
        resolve();
      });
    }
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return { end };
}
