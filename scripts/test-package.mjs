// Packs the package and tries it in every bundler, runtime and test runner of tests/package, each
// in a project of its own. It exists apart from `npm test` because its tools weigh 800 MB and take
// minutes. Alone: `npm run test:package`, with words after `--` for some places only.

import { build } from "./build.mjs";
import { asCommand, root, run } from "./lib/run.mjs";
import { findChromium } from "./lib/system.mjs";
import { setUp } from "./setup.mjs";

await asCommand(import.meta.url, async () => {
  await setUp({ runtimes: true, browser: true });
  await build({ lenient: true });
  const env = { CHROMIUM: findChromium() ?? "chromium" };
  const { code } = await run(
    "node",
    ["--import", "tsx", "tests/package/matrix.ts", ...process.argv.slice(2)],
    {
      cwd: root,
      seconds: 3600,
      echo: true,
      env,
    },
  );
  process.exitCode = code;
});
