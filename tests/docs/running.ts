// Code blocks of the documents as programs that run: bundled, and in workerd, which asks the test
// for what they fetch.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { Response as MiniflareResponse } from "miniflare";
import type { KeyPair } from "../edge/suite/kit.ts";
import { startWorker } from "../edge/workerd/start.ts";
import { blocks } from "./blocks.ts";
import { root } from "./snippets.ts";

export const ISSUER = "https://auth.example.com";
/** Before a block that takes `verifier` for granted. */
export const VERIFIER = `import "${join(root, "tests", "docs", "verifier.ts")}";\n`;
/** Before a block that takes `issuer` for granted. */
export const ISSUER_OPTIONS = `import "${join(root, "tests", "docs", "issuer.ts")}";\n`;

/** Bundles a program that imports blocks. */
export async function bundle(
  name: string,
  text: string,
  options: BuildOptions,
  moved: Record<string, string> = {},
): Promise<string> {
  const outfile = join(root, "build", "recipes", name);
  await build({
    stdin: { contents: text, resolveDir: root },
    bundle: true,
    outfile,
    target: "es2022",
    ignoreAnnotations: true,
    plugins: [blocks(moved)],
    logLevel: "warning",
    ...options,
  });
  return outfile;
}

/**
 * Runs `use` against a Worker; its fetches are answered with the key set of `pair`, and their
 * addresses noted.
 */
export async function inWorkerd(
  name: string,
  text: string,
  pair: KeyPair,
  use: (url: URL, fetched: readonly string[]) => Promise<void>,
) {
  const file = await bundle(`${name}.mjs`, text, {
    format: "esm",
    packages: "external",
    define: { ISSUER: JSON.stringify(ISSUER) },
  });
  const fetched: string[] = [];
  const { url, miniflare, log } = await startWorker(pathToFileURL(file).href, {
    compatibilityFlags: [],
    outboundService: (request: { url: string }) => {
      fetched.push(request.url);
      return MiniflareResponse.json({ keys: [pair.jwk] });
    },
  });
  try {
    await use(url, fetched);
    assert.equal(log(), "");
  } finally {
    await miniflare.dispose();
  }
}
