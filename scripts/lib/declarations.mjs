// The type declarations of the package: has tsc write them, and lays into dist/ those that the
// public ones lead to. None of these names the generated glue.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { must, root, StepFailed } from "./run.mjs";

/** @typedef {import("./entries.mjs").Entry} Entry */

/**
 * The modules that a declaration file imports or re-exports, in any of TypeScript's spellings.
 * @param {string} source
 */
function importsOf(source) {
  return [...source.matchAll(/\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

/**
 * Copies a declaration file and those it leads to into dist/.
 * @param {string} types the folder that tsc wrote
 * @param {string} file
 * @param {Set<string>} seen
 * @param {readonly string[]} peers
 */
function copyDeclarations(types, file, seen, peers) {
  if (seen.has(file)) return;
  seen.add(file);
  const target = join(root, "dist", relative(types, file));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
  for (const specifier of importsOf(readFileSync(file, "utf8"))) {
    const next = resolve(dirname(file), specifier.replace(/\.js$/, ".d.ts"));
    if (peers.includes(specifier)) continue;
    if (!specifier.startsWith(".") || !next.startsWith(types + sep) || !existsSync(next)) {
      throw new StepFailed(
        `The public types lead outside the package: ${basename(file)} imports "${specifier}".`,
      );
    }
    copyDeclarations(types, next, seen, peers);
  }
}

/** Writes the declarations of these entries. @param {readonly Entry[]} entries */
export async function declare(entries) {
  const types = join(root, "build", "types");
  rmSync(types, { recursive: true, force: true });
  await must("tsc", ["-p", "js/tsconfig.json", "--outDir", types]);
  const seen = new Set();
  for (const { entry, peers } of entries.filter(({ typedBy }) => typedBy === undefined)) {
    copyDeclarations(types, join(types, basename(entry).replace(/\.ts$/, ".d.ts")), seen, peers);
  }
}
