// Makes build/ (the output of wasm-pack for each build of wasm-pack.toml) and dist/ (what the npm
// package ships: the bundles with their wasm inlined, and the types), and prints what they weigh;
// fails when a bundle is over its budget. It exists because wasm-pack makes half a package only.
// What is unchanged is not built again. Alone: `npm run build`.

import { buildPackage } from "./lib/bundle.mjs";
import { adapters } from "./lib/entries.mjs";
import { asCommand, atOnce, StepFailed, step } from "./lib/run.mjs";
import { overBudget, sizeTable, weighAll } from "./lib/sizes.mjs";
import { alone } from "./lib/stamps.mjs";
import { buildWasm } from "./lib/wasm.mjs";

/**
 * Brings build/ and dist/ up to date. Quiet when there was nothing to do, unless `sizes` asks for
 * the table. A package over its budget is refused; for a demo, which can run all the same,
 * `lenient` only says so.
 * @param {{ sizes?: boolean, lenient?: boolean }} [options]
 * @returns {Promise<void>}
 */
export async function build({ sizes = false, lenient = false } = {}) {
  // Not at the top: these need npm packages, which set-up may yet have to install.
  const { checkManifest } = await import("./check-manifest.mjs");
  const { readManifest } = await import("./lib/manifest.mjs");
  checkManifest();
  const { builds } = readManifest();
  await alone(async () => {
    let fresh = false;
    const note = (/** @type {{ fresh: boolean }} */ made) => (fresh = made.fresh || fresh);
    // At once, because each waits for one core most of the time.
    await atOnce(builds.map((one) => async () => note(await buildWasm(one, step))));
    note(await buildPackage(builds, step));
    const weights = weighAll(builds, adapters);
    if (fresh || sizes) console.log(sizeTable(weights));
    const tooHeavy = overBudget(weights);
    if (tooHeavy.length === 0) return;
    if (!lenient) throw new StepFailed("The package is over its budget.", tooHeavy.join("\n"));
    console.log(tooHeavy.join("\n"));
  });
}

await asCommand(import.meta.url, async () => {
  const { setUp } = await import("./setup.mjs");
  await setUp();
  await build({ sizes: true });
});
