// The checks of `npm run check`, which read the sources. Each passes or fails as a whole.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { checkManifest } from "../check-manifest.mjs";
import { checkPurity } from "../check-purity.mjs";
import { buildDocs } from "../docs.mjs";
import { readManifest } from "./manifest.mjs";
import { must, root, run, StepFailed } from "./run.mjs";
import { wasmTests } from "./suites.mjs";
import { biomePath } from "./tools.mjs";

/**
 * @typedef {{ name: string, check: () => Promise<unknown> }} Check a text that `check` comes to is
 * printed: what it could not look at
 */

const notOurs = new Set(["node_modules", "target", "build", "dist", ".tools", ".state", ".git"]);

/**
 * All files of the project, tools and outputs left out.
 * @param {string} folder
 * @returns {string[]}
 */
function ownFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? ownFiles(path) : [path];
  });
}

/**
 * Type-checks every TypeScript project. Fails for a file that belongs to none, because nothing
 * would check it.
 */
async function checkTypes() {
  const files = ownFiles(root);
  const projects = files.filter((file) => /[/\\]tsconfig\.json$/.test(file));
  const covered = new Set();
  for (const project of projects) {
    const checked = ["-p", project, "--noEmit", "--pretty", "false"];
    const { code, stdout } = await run("tsc", [...checked, "--listFiles"]);
    // Runs again to get the complaints without the list.
    if (code !== 0) await must("tsc", checked);
    for (const line of stdout.split("\n")) covered.add(line.trim());
  }
  const stray = files.filter((file) => /\.(ts|mts|mjs)$/.test(file) && !covered.has(file));
  if (stray.length > 0) {
    throw new StepFailed(
      "Files that no tsconfig includes.",
      stray.map((file) => relative(root, file)).join("\n"),
    );
  }
}

/**
 * Checks that prose fits a hundred columns: comments, and documents outside of code, tables and
 * pictures. rustfmt and Biome break code, and leave prose alone.
 */
export function checkColumns() {
  const comment = /^\s*(?:\/\/|\/?\*|#|--)/;
  const unbroken = /https?:|^\s*(?:\||!\[|\/\*\* @type)/;
  const long = ownFiles(root).flatMap((file) => {
    const isDocument = file.endsWith(".md");
    if (!isDocument && !/\.(?:rs|ts|mts|tsx|js|mjs|sql|toml)$/.test(file)) return [];
    const text = readFileSync(file, "utf8");
    // The lines of code stay, empty, so that the others keep their numbers.
    const prose = isDocument
      ? text.replace(/^```.*?^```/gms, (code) => code.replace(/.+/g, ""))
      : text;
    return prose
      .split("\n")
      .flatMap((line, place) =>
        line.length > 100 && (isDocument || comment.test(line)) && !unbroken.test(line)
          ? [`${relative(root, file)}:${place + 1}`]
          : [],
      );
  });
  if (long.length > 0) throw new StepFailed("Prose beyond a hundred columns.", long.join("\n"));
}

/** @param {readonly string[]} options */
function clippy(...options) {
  return must("cargo", ["clippy", "--locked", "--quiet", ...options, "--", "-D", "warnings"], {
    seconds: 1200,
  });
}

/**
 * Checks licences, duplicates and sources of the crates, and known vulnerabilities where their list
 * can be had.
 */
async function checkCrates() {
  await must("cargo-deny", ["--log-level", "warn", "check", "licenses", "bans", "sources"]);
  const { code, output } = await run("cargo-deny", ["--log-level", "warn", "check", "advisories"], {
    seconds: 120,
  });
  if (code === 0) return undefined;
  if (/failed to fetch advisory database/.test(output))
    return "RustSec's list can't be had here; vulnerabilities were not looked for";
  throw new StepFailed("`cargo deny check advisories` has something to say.", output);
}

/**
 * Checks known vulnerabilities of the npm packages that build and test this one, where the registry
 * answers. The package itself has no dependencies.
 */
async function checkAudit() {
  const { code, stdout, output } = await run("npm", ["audit", "--json", "--audit-level=high"], {
    seconds: 120,
  });
  if (code === 0) return undefined;
  if (!stdout.includes('"auditReportVersion"'))
    return "the registry here answers no audit; vulnerabilities were not looked for";
  throw new StepFailed("`npm audit` has something to say.", output);
}

/** @type {readonly Check[]} */
export const checks = [
  { name: "wasm-pack.toml agrees with the project", check: async () => checkManifest() },
  { name: "the layers are pure", check: async () => checkPurity() },
  { name: "prose fits a hundred columns", check: async () => checkColumns() },
  { name: "rustfmt", check: () => must("cargo", ["fmt", "--check"]) },
  {
    name: "clippy, native",
    check: () => clippy("--all-targets", "--package", "tokenkeep", "--package", "tokenkeep-fuzz"),
  },
  {
    name: "clippy, wasm32",
    check: async () => {
      for (const { features } of readManifest().builds) {
        const chosen = ["--no-default-features", "--features", features.join(",")];
        // Without --tests: unit tests run natively, and their crates need not build for wasm32.
        await clippy("--target", "wasm32-unknown-unknown", "--lib", ...wasmTests(), ...chosen);
      }
    },
  },
  { name: "TypeScript types", check: checkTypes },
  {
    name: "Biome: format, order of imports, lints",
    check: () => must(process.execPath, [biomePath(), "ci", "--error-on-warnings", "."]),
  },
  { name: "cargo-deny", check: checkCrates },
  { name: "npm audit", check: checkAudit },
  { name: "the documentation builds, and its links lead somewhere", check: buildDocs },
];
