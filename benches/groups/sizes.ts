// The bytes that a browser or a Worker downloads of each library, bundled by the same run of
// esbuild and gzipped. One measurement is enough, because it comes out the same each time.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Rounds } from "../contest.ts";
import { CLIENT_SIZES, EDGE_SIZES } from "../names.ts";

/** What an application imports of each library. */
const CLIENTS: Readonly<Record<string, string>> = {
  tokenkeep: `export { createTokenKeep } from "tokenkeep";`,
  "tokenkeep/slim": `export { createTokenKeep } from "tokenkeep/slim";`,
  "axios-auth-refresh": `export { create } from "axios"; export { createAuthRefresh } from "axios-auth-refresh";`,
  ky: `export { default as ky } from "ky";`,
  "keycloak-js": `export { default as Keycloak } from "keycloak-js";`,
  "oidc-client-ts": `export { UserManager } from "oidc-client-ts";`,
  "supertokens-website": `export { default as Session } from "supertokens-website";`,
  "auth0-spa-js": `export { createAuth0Client } from "@auth0/auth0-spa-js";`,
};

const VERIFIERS: Readonly<Record<string, string>> = {
  tokenkeep: `export { createVerifier } from "tokenkeep/edge";`,
  jose: `export { createRemoteJWKSet, jwtVerify } from "jose";`,
  "aws-jwt-verify": `export { JwtVerifier } from "aws-jwt-verify";`,
  hono: `export { verifyWithJwks } from "hono/jwt";`,
};

/**
 * The peers' packages lie in a folder of their own. The project's packages are found from there
 * too.
 */
const peers = new URL("../peers/", import.meta.url);

async function weigh(contents: string, ours: boolean, conditions: string[]): Promise<number> {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(ours ? new URL("../", import.meta.url) : peers) },
    bundle: true,
    splitting: true,
    outdir: ".",
    metafile: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions,
    external: ["*.wasm"],
    legalComments: "none",
    define: { global: "globalThis", "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  // What an option or a call loads later is no part of what everybody downloads.
  const { outputs } = metafile;
  const atStart = new Set(
    Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === "<stdin>"),
  );
  for (const name of atStart)
    for (const { path, kind } of outputs[name]?.imports ?? [])
      if (kind === "import-statement" && path in outputs) atStart.add(path);
  return outputFiles
    .filter(({ path }) => atStart.has(relative(process.cwd(), path)))
    .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
}

export async function measureSizes(): Promise<Record<string, Rounds>> {
  const clients: Record<string, number[]> = {};
  for (const [name, source] of Object.entries(CLIENTS))
    clients[name] = [await weigh(source, name.startsWith("tokenkeep"), ["browser"])];
  const verifiers: Record<string, number[]> = {};
  for (const [name, source] of Object.entries(VERIFIERS))
    verifiers[name] = [await weigh(source, name === "tokenkeep", ["workerd", "worker", "browser"])];
  // Adds the wasm where it lies beside the JavaScript.
  const wasm = (name: string) =>
    gzipSync(readFileSync(new URL(`../../dist/${name}`, import.meta.url)), { level: 9 }).length;
  clients["tokenkeep/slim"] = clients["tokenkeep/slim"]!.map(
    (bytes) => bytes + wasm("client.wasm"),
  );
  verifiers["tokenkeep"] = verifiers["tokenkeep"]!.map((bytes) => bytes + wasm("edge.wasm"));
  return { [CLIENT_SIZES]: clients, [EDGE_SIZES]: verifiers };
}
