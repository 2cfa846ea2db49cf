// Builds one commit twice, in two fresh folders of different names, and compares the tarballs byte
// for byte. It exists so that whoever doubts a release can build it and get the same file. Alone:
// `npm run reproduce`, with a commit after `--` for another than HEAD.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asCommand, must, root, StepFailed, step } from "./lib/run.mjs";
import { setUp } from "./setup.mjs";

/**
 * @typedef {{ commit: string, path: string, size: number, sha256: string, files: string[] }}
 * Tarball
 */

/** The commit that a name stands for. @param {string} name */
export async function commitOf(name) {
  return (await must("git", ["rev-parse", "--verify", `${name}^{commit}`])).stdout.trim();
}

/**
 * Builds a commit in a folder of its own and packs it. Uses the tools of this folder, which the
 * commit's lock files have to name.
 * @param {string} commit
 * @param {string} folder
 */
async function buildIn(commit, folder) {
  mkdirSync(folder, { recursive: true });
  const archive = `${folder}.tar`;
  await must("git", ["archive", "--format=tar", "-o", archive, commit]);
  await must("tar", ["-xf", archive, "-C", folder]);
  rmSync(archive);
  for (const name of ["package-lock.json", "wasm-pack.toml"]) {
    if (readFileSync(join(folder, name), "utf8") !== readFileSync(join(root, name), "utf8")) {
      throw new StepFailed(
        `${name} of that commit is not the one that is checked out: its tools are not those ` +
          `that are installed. Check the commit out first.`,
      );
    }
  }
  for (const name of ["node_modules", ".tools"])
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(folder, name));
  // A target folder of its own: a shared one would give the second build the work of the first.
  const env = { CARGO_TARGET_DIR: join(folder, "target") };
  await must("node", ["scripts/build.mjs"], { cwd: folder, seconds: 1800, env });
  const { stdout } = await must("npm", ["pack", "--json", "--ignore-scripts"], { cwd: folder });
  const [{ filename, files }] = JSON.parse(stdout);
  return {
    path: join(folder, filename),
    files: /** @type {{ path: string }[]} */ (files).map(({ path }) => path).sort(),
  };
}

/**
 * The names of the files that differ.
 * @param {string} one
 * @param {string} other
 */
function differences(one, other) {
  const list = (/** @type {string} */ folder) =>
    readdirSync(join(folder, "dist"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return [...new Set([...list(one), ...list(other)])].filter((name) => {
    const [first, second] = [one, other].map((folder) =>
      existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : null,
    );
    return (
      first === null ||
      second === null ||
      first === undefined ||
      second === undefined ||
      !first.equals(second)
    );
  });
}

/**
 * The tarball of a commit, if two builds agree. The caller removes the folder of `path`.
 * @param {string} commit @returns {Promise<Tarball & { remove: () => void }>}
 */
export async function reproduce(commit) {
  const place = mkdtempSync(join(tmpdir(), "tokenkeep-release-"));
  const remove = () => rmSync(place, { recursive: true, force: true });
  try {
    const folders = [join(place, "first"), join(place, "in-another-folder", "second")];
    const made = [];
    for (const [index, folder] of folders.entries()) {
      made.push(
        await step(
          `Building ${commit.slice(0, 12)} in a fresh folder, ${index + 1} of 2`,
          "2 min",
          () => buildIn(commit, folder),
        ),
      );
    }
    const hashes = made.map(({ path }) =>
      createHash("sha256").update(readFileSync(path)).digest("hex"),
    );
    const [first] = made;
    const [sha256] = hashes;
    if (first === undefined || sha256 === undefined || hashes.some((hash) => hash !== sha256)) {
      throw new StepFailed(
        "Two builds of one commit differ.",
        `${hashes.join("\n")}\n${differences(folders[0] ?? "", folders[1] ?? "").join("\n")}`,
      );
    }
    return { commit, ...first, sha256, size: readFileSync(first.path).length, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

await asCommand(import.meta.url, async () => {
  await setUp();
  const { path, sha256, size, remove } = await reproduce(await commitOf(process.argv[2] ?? "HEAD"));
  console.log(
    `\n  ${path.split(/[/\\]/).at(-1)}   ${size} bytes   sha256 ${sha256}\n\nTwo builds ` +
      `of one commit gave the same tarball.`,
  );
  remove();
});
