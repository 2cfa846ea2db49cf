// Uses the package for a whole day: a signed-in user with three tabs in Chromium, with the keep in
// the page, in a dedicated and in a shared worker, and a million guarded requests in workerd. It
// exists because leaks of memory and of tokens show after hours. The clock is moved, so it takes
// ten minutes. Alone: `npm run soak`, or `npm run soak -- --hours 2 --requests 100000 --seed 7`.

import { build } from "./build.mjs";
import { asCommand, root, run } from "./lib/run.mjs";
import { findChromium } from "./lib/system.mjs";
import { setUp } from "./setup.mjs";

await asCommand(import.meta.url, async () => {
  await setUp({ browser: true });
  await build({ lenient: true });
  const program = ["--import", "tsx", "tests/soak/run.ts", ...process.argv.slice(2)];
  const { code } = await run(process.execPath, program, {
    cwd: root,
    seconds: 7200,
    echo: true,
    env: { CHROMIUM: findChromium() ?? "chromium" },
  });
  process.exitCode = code;
});
