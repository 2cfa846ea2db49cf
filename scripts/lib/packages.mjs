// The npm packages of a lock file. Uses Node's own modules only, because set-up calls it before
// anything is installed.

import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { must, root, step } from "./run.mjs";

/**
 * @typedef {object} Locked
 * @property {string} version
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 */

/**
 * The packages of a lock file by folder. npm keeps a lock file of what it installed in
 * node_modules.
 * @param {string} path
 * @returns {Record<string, Locked>}
 */
function packagesOf(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}

/**
 * Whether node_modules holds what package-lock.json says. An optional package may be absent: it is
 * for another platform.
 * @param {string} folder
 */
export function packagesAreInstalled(folder) {
  const copy = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(copy)) return false;
  const installed = packagesOf(copy);
  return Object.entries(packagesOf(join(folder, "package-lock.json"))).every(([place, wanted]) => {
    if (place === "") return true;
    const found = installed[place];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return (
      found.version === wanted.version &&
      found.integrity === wanted.integrity &&
      existsSync(join(folder, place))
    );
  });
}

/**
 * Installs the project's own packages, or those of a folder that has its own lock file.
 * @param {string} [folder]
 */
export async function installPackages(folder = root) {
  if (packagesAreInstalled(folder)) return;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  await step(
    `Installing the npm packages of ${relative(root, join(folder, "package-lock.json"))}`,
    "20 s",
    () => must(npm, ["ci", "--no-audit", "--no-fund"], { cwd: folder, seconds: 600 }),
  );
}
