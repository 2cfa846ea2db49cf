// Starts the demo: installs what is missing, builds the package and the page, and runs the page,
// the authority and the API in one workerd until ctrl-C. It exists so that one command leads from a
// fresh clone to a page on which one can sign in. Alone: `npm start`. `npm start -- --persist`
// keeps the database in .state/; `--ports 9780,9781,9782` moves page, authority and API.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { asCommand, root, StepFailed } from "./lib/run.mjs";
import { setUp } from "./setup.mjs";

/** @param {string} text */
function portsOf(text) {
  const [app, authority, api, ...rest] = text
    .split(",")
    .map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : -1));
  const all = [app, authority, api];
  if (
    rest.length > 0 ||
    app === undefined ||
    authority === undefined ||
    api === undefined ||
    all.some((port) => port === -1 || Number(port) > 65_535)
  ) {
    throw new StepFailed(
      "--ports wants three numbers: page, authority, API, as in --ports 8780,8781,8782.",
    );
  }
  return { app, authority, api };
}

function optionsOf() {
  try {
    const options = {
      persist: { type: /** @type {const} */ ("boolean") },
      ports: { type: /** @type {const} */ ("string") },
    };
    const { persist = false, ports = "8780,8781,8782" } = parseArgs({ options }).values;
    return { persist, ports: portsOf(ports) };
  } catch (error) {
    throw error instanceof StepFailed
      ? error
      : new StepFailed(/** @type {Error} */ (error).message);
  }
}

async function start() {
  const { persist, ports } = optionsOf();
  await setUp();
  await build({ lenient: true });
  // Imported here because they need npm packages, which set-up installs first.
  const { buildApp } = await import("../www/app/build.mjs");
  const { startStack } = await import("../www/stack.mjs");
  const appDirectory = join(root, "build", "app");
  await buildApp(appDirectory);
  const stack = await startStack({
    ports,
    appDirectory,
    persist: persist ? join(root, ".state") : false,
  }).catch((error) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new StepFailed(
      `${error.message} End that program, or choose other ports: npm start -- --ports ` +
        `9780,9781,9782`,
    );
  });
  const kept = persist ? " What happens is kept in .state/." : "";
  console.log(`
  The page       ${stack.app}
  The authority  ${stack.authority}
  The API        ${stack.api}

  Sign in as alice, password "correct horse battery".${kept}
  End with ctrl-C.
`);
  return stack;
}

await asCommand(import.meta.url, async () => {
  const stack = await start();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    // Miniflare listens too and would end the process before the stack is closed.
    process
      .removeAllListeners(signal)
      .once(signal, () => void stack.close().then(() => process.exit(0)));
  }
});
