// A bundled Worker in a real workerd, with the package's wasm beside it as a compiled module, and
// everything that it logs.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import {
  Miniflare,
  type MiniflareOptions,
  Response as MiniflareResponse,
  type Request,
} from "miniflare";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface Running {
  readonly url: URL;
  readonly miniflare: Miniflare;
  log(): string;
}

/** What every Worker here runs with: its code bundled, the package's wasm beside it. */
export async function workerOf(entry: string) {
  const { outputFiles } = await build({
    entryPoints: [at(entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*", "*.wasm"],
    // package.json says that nothing here has side effects; entering a case is one.
    ignoreAnnotations: true,
    logLevel: "warning",
  });
  return {
    modules: [
      {
        type: "ESModule" as const,
        path: "worker.mjs",
        contents: outputFiles.map((file) => file.text).join(""),
      },
      {
        type: "CompiledWasm" as const,
        path: "edge.wasm",
        contents: readFileSync(at("../../../dist/edge.wasm")),
      },
    ],
    compatibilityDate: "2026-04-01",
    compatibilityFlags: ["nodejs_compat"],
  };
}

/** Starts workerd, and keeps all that it says. */
async function start(options: MiniflareOptions): Promise<Running> {
  let log = "";
  const keep = (chunk: Buffer) => void (log += chunk.toString());
  const handleRuntimeStdio = (stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) => {
    stdout.on("data", keep);
    stderr.on("data", keep);
  };
  const miniflare = new Miniflare({
    cf: false,
    handleRuntimeStdio,
    ...options,
  } as MiniflareOptions);
  return { url: await miniflare.ready, miniflare, log: () => log };
}

export async function startWorker(
  entry: string,
  options: Partial<MiniflareOptions> = {},
): Promise<Running> {
  return start({ ...(await workerOf(entry)), ...options } as MiniflareOptions);
}

/**
 * A guarded Worker behind front-worker.ts. `keys` answers its fetches, `gate` says when those hang
 * up that shall.
 */
export async function startBehindFront(
  entry: string,
  keys: (request: Request) => Promise<MiniflareResponse>,
  gate: () => Promise<void>,
): Promise<Running> {
  const open = async () => {
    await gate();
    return new MiniflareResponse(null);
  };
  return start({
    workers: [
      {
        ...(await workerOf("front-worker.ts")),
        name: "front",
        serviceBindings: { GUARDED: "guarded" },
        outboundService: open,
      },
      { ...(await workerOf(entry)), name: "guarded", outboundService: keys },
    ],
  });
}
