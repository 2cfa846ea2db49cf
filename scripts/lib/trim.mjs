// Drops the exports of a wasm that its glue does not call, so that wasm-opt drops what only they
// keep alive.

import { readFileSync, writeFileSync } from "node:fs";

/** Rewrites the wasm at `path`. @param {string} path @param {string} glue */
export async function dropExports(path, glue) {
  const { default: binaryen } = await import("binaryen");
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(readFileSync(path));
  const names = Array.from(
    { length: module.getNumExports() },
    (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)).name,
  );
  for (const name of names) if (!glue.includes(`wasm.${name}`)) module.removeExport(name);
  writeFileSync(path, module.emitBinary());
  module.dispose();
}
