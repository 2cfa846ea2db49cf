// Checks the sources: layers, formats, lints, types, licences, known vulnerabilities, the
// documentation and its links. It exists beside `npm test` because its tools take minutes to
// install, and a newcomer wants to see the product tested first. Alone: `npm run check`.

import { build } from "./build.mjs";
import { asCommand, report, StepFailed, spoken } from "./lib/run.mjs";
import { setUp } from "./setup.mjs";

async function check() {
  await setUp({ checks: true });
  // The checks of types and documentation read dist/. The others run even if the build fails.
  await build({ lenient: true }).catch(report);
  // Imported here because they need npm packages, which set-up installs first.
  const { checks } = await import("./lib/checks.mjs");
  /** @type {string[]} */
  const failed = [];
  for (const { name, check } of checks) {
    const began = performance.now();
    try {
      const note = await check();
      const time = spoken(performance.now() - began);
      console.log(`  ✔ ${name} (${time})${typeof note === "string" ? `: ${note}` : ""}`);
    } catch (error) {
      console.log(`  ✖ ${name}: ${error instanceof Error ? error.message : error}`);
      if (error instanceof StepFailed) console.log(`\n${error.output.trimEnd()}\n`);
      failed.push(name);
    }
  }
  if (failed.length === 0) return console.log(`\nAll ${checks.length} checks hold.`);
  console.log(`\nOf ${checks.length} checks these do not hold: ${failed.join("; ")}.`);
  process.exitCode = 1;
}

await asCommand(import.meta.url, check);
