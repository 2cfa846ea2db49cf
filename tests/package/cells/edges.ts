// Workers as Cloudflare runs them: workerd through miniflare with a bundle of esbuild's, and with
// what wrangler makes of a project.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { entriesOf } from "../project.ts";
import {
  type Cell,
  copies,
  inProject,
  NOT_THERE,
  type Project,
  project,
  type Seen,
  tool,
} from "./cell.ts";

/**
 * Every entry, and the server's at work. What can be had without asking is had at module scope,
 * where Workers allow neither I/O nor chance.
 */
const worker = (entries: readonly string[]) => `
${entries.map((entry, place) => `  import * as entry${place} from "${entry}";`).join("\n")}
  import { createTokenKeep, TokenKeepError } from "tokenkeep";
  import { createVerifier } from "tokenkeep/edge";
  import * as testing from "tokenkeep/testing";
  import { exerciseTesting } from "./client.js";
  import { outcomes } from "./outcomes.js";
  import { exerciseReplay } from "./replay.js";
  import { serverWorks } from "./servers.js";
  export { ReplayObject } from "tokenkeep/replay-object";

  const entries = { ${entries.map((entry, place) => `"${entry}": entry${place}`).join(", ")} };
  const keep = createTokenKeep({ refresh: "https://auth.example.com/refresh", origins: ["https://api.example.com"], console: "off" });
  createVerifier({ issuers: { issuer: "https://i.example", audience: "a", algorithms: ["ES256"], jwksUri: "https://i.example/jwks" } });

  export default {
    async fetch(request, env) {
      const at = new URL(request.url).searchParams.get("at");
      const seen = await outcomes({
        async imports() {
          for (const [name, entry] of Object.entries(entries))
            if (Object.keys(entry).length === 0) throw new Error(name + " exports nothing");
        },
        ...serverWorks(at),
        replay: () => exerciseReplay(env.PROOFS),
        testing: () => exerciseTesting(testing, { TokenKeepError, createVerifier }),
      });
      const { code } = await keep.start().catch((error) => error);
      seen.client = code === "wasm_unavailable" ? "- Workers compile no wasm at run time; it says so" : "it did not say why it can't be used: " + code;
      return Response.json(seen);
    },
  };
`;

const absent: Seen = {
  ...NOT_THERE.noRequire,
  ...NOT_THERE.noSockets,
  dpop: "- the client is for pages and their workers",
  slim: "- the client is for pages and their workers",
};

/** Runs the modules of a folder, worker.js first, each file of wasm compiled. */
async function inWorkerd(folder: string, at: string): Promise<Seen> {
  const contents = (name: string) => readFileSync(join(folder, name));
  const wasm = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  const miniflare = new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.js", contents: contents("worker.js").toString() },
      ...wasm.map((path) => ({ type: "CompiledWasm" as const, path, contents: contents(path) })),
    ],
    compatibilityDate: "2026-04-01",
    durableObjects: { PROOFS: { className: "ReplayObject", useSQLite: true } },
    cf: false,
  });
  try {
    const response = await miniflare.dispatchFetch(
      `http://localhost/?at=${encodeURIComponent(at)}`,
    );
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Seen;
  } finally {
    await miniflare.dispose();
  }
}

async function bundled(made: Project): Promise<void> {
  await build({
    entryPoints: [made.at("worker.js")],
    outfile: made.at("out/worker.js"),
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    conditions: ["workerd"],
    // As users of esbuild do for Workers: wasm stays a file, and is uploaded as a module.
    external: ["*.wasm"],
    logLevel: "warning",
  });
  writeFileSync(
    made.at("out/edge.wasm"),
    readFileSync(made.at("node_modules/tokenkeep/dist/edge.wasm")),
  );
}

export const workerd: Cell = {
  place: "workerd, esbuild",
  table: "servers",
  absent,
  async run({ authority }) {
    const made = await project(this.place, { "worker.js": worker(entriesOf()) });
    await bundled(made);
    // The client comes along in the JavaScript: the program imports it to show what it says.
    return {
      ...(await inWorkerd(made.at("out"), authority.cell(this.place, made.folder))),
      // The worker's entry has a client of its own.
      wasm: copies(made.at("out"), { client: 2, edge: 1 }),
    };
  },
};

const wrangler: Cell = {
  place: "workerd, wrangler 4",
  table: "servers",
  absent,
  async run({ authority }) {
    const made = await project(this.place, {
      "worker.js": worker(entriesOf()),
      "wrangler.json": JSON.stringify({
        name: "cell",
        main: "worker.js",
        compatibility_date: "2026-04-01",
        durable_objects: { bindings: [{ name: "PROOFS", class_name: "ReplayObject" }] },
        migrations: [{ tag: "v1", new_sqlite_classes: ["ReplayObject"] }],
      }),
    });
    await inProject(made, tool("wrangler"), ["deploy", "--dry-run", "--outdir", "out"]);
    return {
      ...(await inWorkerd(made.at("out"), authority.cell(this.place, made.folder))),
      // The worker's entry has a client of its own.
      wasm: copies(made.at("out"), { client: 2, edge: 1 }),
    };
  },
};

export const edgeCells: readonly Cell[] = [workerd, wrangler];
