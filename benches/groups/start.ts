// The start: from the navigation to the first authorised answer in Chromium, by the wall clock,
// because waiting is part of it, and from loading a verifier to its first verification in Node.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { median } from "../arithmetic.ts";
import { type Answer, bundled, launch, pageOf, sends, serve } from "../chromium.ts";
import { type Effort, orderOf, type Rounds } from "../contest.ts";
import { AGAIN, COLD, LOAD, STARTERS, WARM } from "../names.ts";
import { AUDIENCE, ISSUER, signerOf } from "../verify/field.ts";

const YEAR = 31_536_000;
const TOKEN = "opaque-access-token-of-a-common-length-0123456789";

const api: Answer = (request, response) => {
  const ok = request.headers.authorization === `Bearer ${TOKEN}`;
  response
    .writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" })
    .end(JSON.stringify({ ok }));
};

/**
 * Reports to the server when it has its answer, by the page's own clock. Nothing looks into the
 * page while it works.
 */
const pageThatTells = (script: string): string =>
  `${pageOf(script)}<script>Object.defineProperty(globalThis, "answered", { set: (ms) => navigator.sendBeacon("/answered?" + ms) })</script>`;

/** A site with a page for each starter, and how to get from one to the next. */
async function starters() {
  const scripts = {
    "by hand": await bundled("./start/by-hand.ts"),
    "by hand, with a lock": await bundled("./start/by-hand-lock.ts"),
    tokenkeep: await bundled("./start/tokenkeep.ts"),
    "tokenkeep/slim": await bundled("./start/slim.ts"),
  };
  const wasm = readFileSync(new URL("../../dist/client.wasm", import.meta.url));
  const addressOf = (name: string) => `/${name.replace(/[ ,/]+/g, "-")}`;
  let told: (milliseconds: number) => void;
  const site = await serve({
    "/session/refresh": sends(
      "application/json",
      JSON.stringify({ access_token: TOKEN, expires_in: 3600 }),
    ),
    "/api": api,
    "/answered": (request, response) => {
      response.writeHead(204).end();
      told(Number(request.url?.split("?")[1]));
    },
    "/client.wasm": sends("application/wasm", wasm, YEAR),
    ...Object.fromEntries(
      STARTERS.flatMap((name) => [
        [addressOf(name), sends("text/html", pageThatTells(`${addressOf(name)}.js`))],
        [`${addressOf(name)}.js`, sends("text/javascript", scripts[name], YEAR)],
      ]),
    ),
  });
  return {
    close: site.close,
    /** Milliseconds. */
    async navigate(page: Page, name: string): Promise<number> {
      const answered = new Promise<number>((resolve) => (told = resolve));
      await page.goto(site.origin + addressOf(name), { waitUntil: "commit" });
      const milliseconds = await Promise.race([answered, setTimeout(30_000, 0, { ref: false })]);
      if (!(milliseconds > 0)) throw new Error(`${name} got another answer, or none`);
      return milliseconds;
    },
  };
}

/** How a tab is opened for a navigation and left. Nothing else is open meanwhile. */
type Visit = (navigate: (page: Page) => Promise<number>) => Promise<number>;

/**
 * In a browser with empty caches, in a new tab of one that has visited the page, and in the tab
 * that visited it just before.
 */
async function visits(browser: Browser): Promise<[string, Visit][]> {
  const inNewTab = async (context: BrowserContext, navigate: (page: Page) => Promise<number>) => {
    const page = await context.newPage();
    const milliseconds = await navigate(page);
    await page.close();
    return milliseconds;
  };
  const cold: Visit = async (navigate) => {
    const context = await browser.newContext();
    const milliseconds = await inNewTab(context, navigate);
    await context.close();
    return milliseconds;
  };
  const used = await browser.newContext();
  let tab: Page | undefined;
  return [
    [COLD, cold],
    [WARM, (navigate) => inNewTab(used, navigate)],
    [AGAIN, async (navigate) => navigate((tab ??= await used.newPage()))],
  ];
}

/** The middle of each so many values. */
const middles = (all: readonly number[], each: number): number[] =>
  Array.from({ length: all.length / each }, (_, round) =>
    median(all.slice(round * each, (round + 1) * each)),
  );

async function navigations({ rounds, warmUp, share }: Effort): Promise<[string, Rounds][]> {
  const { navigate, close: closeSite } = await starters();
  const { browser, close } = await launch();
  // A navigation is one operation, where other contests have hundreds in a turn. So a round has
  // several navigations and counts as their middle one.
  const each = share < 1 ? 1 : 15;
  const found: [string, Rounds][] = [];
  try {
    for (const [contest, visit] of await visits(browser)) {
      const times = new Map<string, number[]>(STARTERS.map((name) => [name, []]));
      for (let turn = 0; turn < warmUp + rounds * each; turn += 1) {
        for (const name of orderOf(STARTERS, turn)) {
          const milliseconds = await visit((page) => navigate(page, name));
          if (turn >= warmUp) times.get(name)?.push(milliseconds);
        }
      }
      found.push([
        contest,
        Object.fromEntries([...times].map(([name, all]) => [name, middles(all, each)])),
      ]);
    }
  } finally {
    await close();
    await closeSite();
  }
  return found;
}

/** What each contestant does with a key set and a token, as the source of a module. */
const VERIFIERS: Readonly<Record<string, string>> = {
  "by hand": `
    import { verifierByHand } from "./verify/by-hand.ts";
    export async function first(jwks, token) {
      const key = await crypto.subtle.importKey("jwk", jwks.keys[0], { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
      const known = { issuer: ${JSON.stringify(ISSUER)}, audience: ${JSON.stringify(AUDIENCE)}, kid: "k1", alg: "ES256", typ: "JWT" };
      const check = (signature, signed) => crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, signed);
      return (await verifierByHand(known, check)(token)).sub;
    }`,
  jose: `
    import { createLocalJWKSet, jwtVerify } from "jose";
    export const first = async (jwks, token) =>
      (await jwtVerify(token, createLocalJWKSet(jwks), { issuer: ${JSON.stringify(ISSUER)}, audience: ${JSON.stringify(AUDIENCE)}, algorithms: ["ES256"] })).payload.sub;`,
  "aws-jwt-verify": `
    import { JwtVerifier } from "aws-jwt-verify";
    export async function first(jwks, token) {
      const verifier = JwtVerifier.create({ issuer: ${JSON.stringify(ISSUER)}, audience: ${JSON.stringify(AUDIENCE)}, jwksUri: ${JSON.stringify(`${ISSUER}/jwks.json`)} });
      verifier.cacheJwks(jwks);
      return (await verifier.verify(token)).sub;
    }`,
  tokenkeep: `
    import { createVerifier } from "tokenkeep/edge";
    export const first = async (jwks, token) =>
      (await createVerifier({ issuers: { issuer: ${JSON.stringify(ISSUER)}, audience: ${JSON.stringify(AUDIENCE)}, algorithms: ["ES256"], jwks } }).verify(token)).claims.sub;`,
};

/** One file for each, as a bundler would make it. */
async function firstVerifications({ rounds }: Effort): Promise<Rounds> {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-bench-"));
  try {
    const { jwks, token } = await signerOf("ES256");
    const given = join(folder, "given.json");
    writeFileSync(given, JSON.stringify({ jwks, token: await token(0) }));
    const files = new Map<string, string>();
    for (const [name, contents] of Object.entries(VERIFIERS)) {
      const outfile = join(folder, `${name}.mjs`);
      const stdin = {
        contents,
        resolveDir: fileURLToPath(new URL("..", import.meta.url)),
        loader: "ts" as const,
      };
      await build({
        stdin,
        outfile,
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20",
        minify: true,
        logLevel: "error",
      });
      files.set(name, outfile);
    }
    const program = fileURLToPath(new URL("../start/first.mjs", import.meta.url));
    const found: Record<string, number[]> = Object.fromEntries(
      [...files.keys()].map((name) => [name, []]),
    );
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, file] of files) {
        const { stdout } = await promisify(execFile)(process.execPath, [program, file, given]);
        found[name]?.push(Number(stdout));
      }
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function measureStart(effort: Effort): Promise<Record<string, Rounds>> {
  return Object.fromEntries([
    ...(await navigations(effort)),
    [LOAD, await firstVerifications(effort)],
  ]);
}
