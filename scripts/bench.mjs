// Measures the package beside others and writes the figures of docs/performance.md. It exists
// because "small and fast" wants numbers made in one run, the contestants taking turns. Alone:
// `npm run bench`. Words after `--`: `--quick` takes a short look and writes to build/bench/ only;
// names of groups (verification, growth, encrypted, call, hosts, service, start, route, sizes,
// native) measure those alone; `report` writes what was measured last; `verify` (`npm run
// bench:verify`) measures verification alone and fails when a bar is missed. `proofs` (`npm run
// bench:proofs`) does the same for DPoP proofs, `opaque` (`npm run bench:opaque`) for opaque
// tokens.

import { join } from "node:path";
import { build } from "./build.mjs";
import { installPackages } from "./lib/packages.mjs";
import { asCommand, root, run } from "./lib/run.mjs";
import { findChromium } from "./lib/system.mjs";
import { setUp } from "./setup.mjs";

await asCommand(import.meta.url, async () => {
  await setUp({ browser: true });
  await installPackages(join(root, "benches", "peers"));
  await build({ lenient: true });
  const env = { CHROMIUM: findChromium() ?? "chromium" };
  const [first, ...others] = process.argv.slice(2);
  const program =
    first === "verify" || first === "proofs" || first === "opaque"
      ? [`benches/${first}.ts`, ...others]
      : ["benches/run.ts", ...process.argv.slice(2)];
  const words = ["--expose-gc", "--import", "tsx", ...program];
  const { code } = await run(process.execPath, words, {
    cwd: root,
    seconds: 7200,
    echo: true,
    env,
  });
  process.exitCode = code;
});
