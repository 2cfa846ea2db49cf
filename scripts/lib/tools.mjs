// Programs and libraries in .tools/ that are no packages of this project: Deno, Biome and
// better-sqlite3 from npm, Flask from pip.

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { must, root, run, step } from "./run.mjs";

// Not in package.json, because a registry may offer the packages of one platform only, and a lock
// file has to name those of all platforms.
const deno = "2.9.6";
const biome = "2.6.8";

/** The path of Deno, which set-up may still have to install. */
export function denoPath() {
  const platform =
    process.platform === "linux"
      ? `linux-${process.arch}-glibc`
      : `${process.platform}-${process.arch}`;
  return join(
    root,
    ".tools",
    "deno",
    "node_modules",
    "@deno",
    platform,
    process.platform === "win32" ? "deno.exe" : "deno",
  );
}

export async function installDeno() {
  if (
    existsSync(denoPath()) &&
    (await run(denoPath(), ["--version"])).stdout.startsWith(`deno ${deno} `)
  )
    return;
  await installPackage("Deno", "deno", `@deno/${basename(dirname(denoPath()))}`, deno);
}

/** The path of the script that starts Biome, which set-up may still have to install. */
export function biomePath() {
  return join(root, ".tools", "biome", "node_modules", "@biomejs", "biome", "bin", "biome");
}

export async function installBiome() {
  if (
    existsSync(biomePath()) &&
    (await run(process.execPath, [biomePath(), "--version"])).stdout.trim() === `Version: ${biome}`
  )
    return;
  await installPackage("Biome", "biome", "@biomejs/biome", biome);
}

// Not in package.json, because only the tests of the backends in examples/ use it, and it may have
// to be compiled. Version 13 wants Node 22.
const sqlite = "12.11.1";

/** The path of better-sqlite3, which set-up may still have to install. */
export const sqlitePath = join(root, ".tools", "sqlite", "node_modules", "better-sqlite3");

export async function installSqlite() {
  const look = `const path = ${JSON.stringify(sqlitePath)};
    new (require(path))(":memory:");
    console.log(require(path + "/package.json").version);`;
  if ((await run(process.execPath, ["-e", look])).stdout.trim() === sqlite) return;
  await installPackage("better-sqlite3", "sqlite", "better-sqlite3", sqlite, {
    time: "20 s",
    // Where no ready build can be fetched, npm compiles SQLite: to optimise it takes a minute.
    env: { CFLAGS: "-O0", CXXFLAGS: "-O0" },
  });
}

const flask = ["Flask==3.1.3", "PyJWT==2.15.1"];

/** Where Python finds Flask and PyJWT. */
export const flaskPath = join(root, ".tools", "flask");

/** Python 3.10 or newer with pip, or null: only the backend in examples/backends/flask needs it. */
export async function findPython() {
  const look = "import sys, pip; sys.exit(sys.version_info < (3, 10))";
  return (await run("python3", ["-c", look])).code === 0 ? "python3" : null;
}

export async function installFlask() {
  const python = await findPython();
  const look = `import importlib.metadata as m
print(*(f"{name}=={m.version(name)}" for name in ("Flask", "PyJWT")))`;
  const env = { PYTHONPATH: flaskPath };
  if (python === null) return;
  if ((await run(python, ["-c", look], { env })).stdout.trim() === flask.join(" ")) return;
  const options = ["--quiet", "--disable-pip-version-check", "--upgrade", "--target", flaskPath];
  await step(`Installing ${flask.join(" and ")} into .tools/, once`, "10 s", () =>
    must(python, ["-m", "pip", "install", ...options, ...flask], { seconds: 300 }),
  );
}

/**
 * @param {string} program
 * @param {string} folder under .tools/
 * @param {string} name
 * @param {string} version
 * @param {{ time?: string, env?: Record<string, string> }} [options] `time` is how long it usually
 * takes
 */
function installPackage(program, folder, name, version, { time = "10 s", env = {} } = {}) {
  const place = [
    "--prefix",
    join(root, ".tools", folder),
    "--no-save",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
  ];
  return step(`Installing ${program} ${version} into .tools/, once`, time, () =>
    must("npm", ["install", ...place, `${name}@${version}`], { seconds: 600, env }),
  );
}
