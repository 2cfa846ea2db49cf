// Throw-away projects with the package in them as npm would bring it: packed into a tarball once,
// then installed by npm. They lie in build/package/, below the tools that matrix.ts installs there,
// so that a bundler in a project finds them as it would its own.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));
export const workshop = join(root, "build", "package");

export interface Tarball {
  readonly path: string;
  readonly size: number;
  readonly files: readonly string[];
}

async function pack(): Promise<Tarball> {
  // A folder for each process: several suites may pack at once.
  const folder = join(workshop, "tarballs", String(process.pid));
  mkdirSync(folder, { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await execute(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder],
    { cwd: root },
  );
  const [{ filename, size, files }] = JSON.parse(stdout) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  return { path: join(folder, filename), size, files: files.map(({ path }) => path).sort() };
}

let tarball: Promise<Tarball> | undefined;

export function packed(): Promise<Tarball> {
  return (tarball ??= pack());
}

/** The entries of the package that are modules, as an application names them. */
export function entriesOf(): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | object>;
  };
  return Object.entries(manifest.exports)
    .filter(([, target]) => typeof target !== "string")
    .map(([entry]) => `tokenkeep${entry.slice(1)}`);
}

export interface Project {
  readonly folder: string;
  at(path: string): string;
  write(path: string, text: string): void;
}

/**
 * A new project with the package installed. `files` are written into it; of tests/package/programs
 * it has all.
 * @param manifest members of its package.json
 */
export async function project(
  name: string,
  files: Readonly<Record<string, string>> = {},
  manifest: Readonly<Record<string, unknown>> = {},
): Promise<Project> {
  const { path } = await packed();
  const folder = join(workshop, "projects", name);
  rmSync(folder, { recursive: true, force: true });
  const at = (file: string) => join(folder, file);
  const write = (file: string, text: string) => {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
  };
  write(
    "package.json",
    JSON.stringify({ name: name.replaceAll(" ", "-"), private: true, type: "module", ...manifest }),
  );
  cpSync(join(root, "tests", "package", "programs"), folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) write(file, text);
  await execute(
    "npm",
    [
      "install",
      "--offline",
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
      "--ignore-scripts",
      path,
    ],
    { cwd: folder },
  );
  return { folder, at, write };
}
