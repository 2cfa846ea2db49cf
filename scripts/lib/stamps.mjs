// Skips work whose inputs and outputs have not changed since it was last done, and lets one build
// run at a time. A stamp is a small file under build/stamps. It holds the hash of the inputs, the
// hash of the outputs, and the result of the work.

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "./run.mjs";

/** All files at or under a path of the project, sorted. @param {string} path @returns {string[]} */
function filesAt(path) {
  const place = join(root, path);
  if (!existsSync(place)) return [];
  if (!statSync(place).isDirectory()) return [path];
  const names = readdirSync(place, { recursive: true, encoding: "utf8" }).map(
    (name) => `${path}/${name.replaceAll("\\", "/")}`,
  );
  return names.filter((name) => statSync(join(root, name)).isFile()).sort();
}

/**
 * A hash over the names and contents of files, and over further words.
 * @param {readonly string[]} paths
 * @param {readonly string[]} [words]
 */
export function hashOf(paths, words = []) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesAt)) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  for (const word of words) hash.update(`\0${word}`);
  return hash.digest("hex");
}

/**
 * @typedef {object} Work
 * @property {string} name
 * @property {readonly string[]} inputs
 * @property {readonly string[]} [words]
 * @property {readonly string[]} outputs
 */

/**
 * Does the work, or returns its last result when nothing changed.
 * @template T
 * @param {Work} what
 * @param {() => Promise<T>} work
 * @returns {Promise<{ result: T, fresh: boolean }>}
 */
export async function unlessDone({ name, inputs, words = [], outputs }, work) {
  const folder = join(root, "build", "stamps");
  const path = join(folder, `${name}.json`);
  const before = hashOf(inputs, words);
  if (existsSync(path)) {
    const stamp = JSON.parse(readFileSync(path, "utf8"));
    if (stamp.inputs === before && stamp.outputs === hashOf(outputs))
      return { result: stamp.result, fresh: false };
    rmSync(path);
  }
  const result = await work();
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, JSON.stringify({ inputs: before, outputs: hashOf(outputs), result }));
  return { result, fresh: true };
}

/**
 * Whether the process that holds a lock still works. A lock older than twenty minutes counts as
 * left behind, because process numbers are given again.
 * @param {string} path
 */
function isHeld(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > 20 * 60_000) return false;
    const holder = Number(readFileSync(path, "utf8"));
    // The file is empty between being made and being written.
    if (holder > 0) process.kill(holder, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Waits until no other process builds in this folder, then does the work.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function alone(work) {
  const path = join(root, "build", "lock");
  mkdirSync(join(root, "build"), { recursive: true });
  for (let told = false; ; ) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
    if (!isHeld(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) console.log("› Waiting for another build in this folder to end");
    told = true;
    await pause(300);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
