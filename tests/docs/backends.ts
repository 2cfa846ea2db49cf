// The backends in examples/, and how each is started.

import { findPython, flaskPath } from "../../scripts/lib/tools.mjs";
import { type Program, started } from "./placed.ts";

export interface Backend {
  /** Its folder in examples/. */
  readonly name: string;
  /** Why it can't run on this machine. */
  readonly skip: string | false;
  start(folder: string, env: { ORIGIN: string; PORT: string }): Promise<Program>;
}

const python = await findPython();

function backend(
  name: string,
  command: readonly [string, ...string[]],
  skip: string | false = false,
): Backend {
  return {
    name,
    skip,
    start: (folder, env) =>
      started(command, {
        cwd: folder,
        env: { ...env, PYTHONPATH: flaskPath },
        until: [new RegExp(`localhost:${env.PORT}`)],
      }),
  };
}

const tsx = [process.execPath, "--import", "tsx", "server.ts"] as const;

export const backends: readonly Backend[] = [
  backend("express-react", tsx),
  backend("backends/fastify", tsx),
  backend("backends/hono", tsx),
  backend(
    "backends/flask",
    [python ?? "", "server.py"],
    python === null && "Python 3.10 with pip is not on this machine",
  ),
];
