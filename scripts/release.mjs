// Prepares a release and does not publish it: checks that the version can be released, proves the
// commit as `npm run prove` does, builds it twice, puts the tarball into build/release with its
// hash, and prints the commands that a person types next. Alone: `npm run release`. `--untested`
// leaves out the proof, for a rehearsal.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { asCommand, must, root, StepFailed } from "./lib/run.mjs";
import { partsOf, prove } from "./prove.mjs";
import { commitOf, reproduce } from "./reproduce.mjs";
import { setUp } from "./setup.mjs";

/**
 * @typedef {{ package: string, cargo: string, changelog: string, status: string, tags: string }}
 * Sources what the files say, and git
 */

/** The addresses that a published package needs. A published version can't be changed. */
const addresses = {
  repository: "where the source is that the tarball can be built from",
  homepage: "where the documentation is",
  bugs: "where a fault is reported",
};

/** A URL, or an object with one, as npm has both. @param {unknown} value */
function isAddress(value) {
  const url =
    typeof value === "object" && value !== null && "url" in value ? String(value.url) : value;
  return typeof url === "string" && /^(git\+)?https:\/\/[^/\s]+\.[^/\s]+/.test(url);
}

/**
 * What prevents a release, one sentence each.
 * @param {Sources} sources
 * @returns {string[]}
 */
export function obstacles(sources) {
  const manifest = JSON.parse(sources.package);
  const { version } = manifest;
  const found = [];
  for (const [member, what] of Object.entries(addresses))
    if (!isAddress(manifest[member]))
      found.push(`package.json has no "${member}": ${what}. It waits for an address of our own.`);
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version))
    found.push(`package.json: "${version}" is no version.`);
  const crate = /^version = "([^"]+)"/m.exec(sources.cargo)?.[1];
  if (crate !== version) found.push(`Cargo.toml has version ${crate}, package.json ${version}.`);
  const heading = new RegExp(
    `^## \\[${version.replaceAll(".", "\\.")}\\] - \\d{4}-\\d{2}-\\d{2}$`,
    "m",
  );
  if (!heading.test(sources.changelog))
    found.push(`CHANGELOG.md has no heading "## [${version}] - YYYY-MM-DD".`);
  if (sources.status.trim() !== "")
    found.push(`The work tree has changes that no commit has:\n${sources.status.trimEnd()}`);
  if (sources.tags.split("\n").includes(`v${version}`))
    found.push(`The tag v${version} exists already.`);
  return found;
}

async function readSources() {
  const text = (/** @type {string} */ name) => readFileSync(join(root, name), "utf8");
  const [status, tags] = [
    await must("git", ["status", "--porcelain"]),
    await must("git", ["tag", "--list"]),
  ];
  return {
    package: text("package.json"),
    cargo: text("Cargo.toml"),
    changelog: text("CHANGELOG.md"),
    status: status.stdout,
    tags: tags.stdout,
  };
}

/** @param {boolean} tested */
async function release(tested) {
  const found = obstacles(await readSources());
  if (found.length > 0)
    throw new StepFailed(`Not to be released:\n${found.map((line) => `- ${line}`).join("\n")}`);
  await setUp();
  if (tested) await prove(partsOf());
  const { path, sha256, size, commit, remove } = await reproduce(await commitOf("HEAD"));
  const folder = join(root, "build", "release");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const name = basename(path);
  copyFileSync(path, join(folder, name));
  writeFileSync(join(folder, "SHA256SUMS"), `${sha256}  ${name}\n`);
  remove();
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  console.log(
    [
      "",
      `build/release/${name}: ${size} bytes, sha256 ${sha256}`,
      `of ${commit}${tested ? "" : ", NOT TESTED"}`,
      "",
      "Nothing has been published. What a person would type now:",
      "",
      `  git tag -a v${version} -m "tokenkeep ${version}" ${commit.slice(0, 12)}`,
      `  git push origin v${version}`,
      `  npm publish build/release/${name}`,
    ].join("\n"),
  );
}

await asCommand(import.meta.url, async () => {
  await release(!process.argv.includes("--untested"));
});
