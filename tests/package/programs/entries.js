// Imports every entry of the package as it is installed, by its own list.

import { readFile } from "node:fs/promises";

/** The entries that are modules. @returns {Promise<string[]>} */
export async function entries() {
  const manifest = await readFile("node_modules/tokenkeep/package.json", "utf8");
  /** @type {{ exports: Record<string, string | object> }} */
  const { exports } = JSON.parse(manifest);
  return Object.entries(exports)
    .filter(([, target]) => typeof target !== "string")
    .map(([entry]) => `tokenkeep${entry.slice(1)}`);
}

export async function importAll() {
  for (const entry of await entries()) {
    const { length } = Object.keys(await import(entry));
    if (length === 0) throw new Error(`${entry} exports nothing`);
  }
}
