// Beginning: from the navigation to the first authorised answer in Chromium, by the clock on the wall, for waiting is part of it; and from loading a
// verifier to its first verification in Node.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { BrowserContext } from "playwright-core";
import { type Answer, bundled, launch, pageOf, sends, serve } from "../chromium.ts";
import type { Effort, Rounds } from "../contest.ts";
import { COLD, LOAD, STARTERS, WARM } from "../names.ts";
import { AUDIENCE, ISSUER, signerOf } from "../verify/field.ts";

const YEAR = 31_536_000;
const TOKEN = "opaque-access-token-of-a-common-length-0123456789";

const api: Answer = (request, response) => {
  const ok = request.headers.authorization === `Bearer ${TOKEN}`;
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify({ ok }));
};

/** Milliseconds. */
async function navigate(context: BrowserContext, address: string): Promise<number> {
  const page = await context.newPage();
  await page.goto(address);
  const answered = await (await page.waitForFunction(() => globalThis.answered)).jsonValue();
  await page.close();
  if (answered === undefined || answered < 0) throw new Error(`${address} got another answer`);
  return answered;
}

async function navigations({ rounds, warmUp, share }: Effort): Promise<[string, Rounds][]> {
  const scripts = {
    "by hand": await bundled("./start/by-hand.ts"),
    "by hand, with a lock": await bundled("./start/by-hand-lock.ts"),
    tokenkeep: await bundled("./start/tokenkeep.ts"),
    "tokenkeep/slim": await bundled("./start/slim.ts"),
  };
  const wasm = readFileSync(new URL("../../dist/client.wasm", import.meta.url));
  const addressOf = (name: string) => `/${name.replace(/[ ,/]+/g, "-")}`;
  const site = await serve({
    "/session/refresh": sends("application/json", JSON.stringify({ access_token: TOKEN, expires_in: 3600 })),
    "/api": api,
    "/client.wasm": sends("application/wasm", wasm, YEAR),
    ...Object.fromEntries(
      STARTERS.flatMap((name) => [
        [addressOf(name), sends("text/html", pageOf(`${addressOf(name)}.js`))],
        [`${addressOf(name)}.js`, sends("text/javascript", scripts[name], YEAR)],
      ]),
    ),
  });
  const { browser, close } = await launch();
  const [cold, warm] = [0, 1].map(() => Object.fromEntries(STARTERS.map((name): [string, number[]] => [name, []])));
  try {
    const used = await browser.newContext();
    // A navigation is one operation, where other contests' turns have hundreds.
    const turns = rounds * (share < 1 ? 1 : 6) + warmUp;
    for (let round = 0; round < turns; round += 1) {
      for (const place of STARTERS.keys()) {
        const name = STARTERS[(place + round) % STARTERS.length] ?? "by hand";
        const fresh = await browser.newContext();
        const first = await navigate(fresh, site.origin + addressOf(name));
        await fresh.close();
        const again = await navigate(used, site.origin + addressOf(name));
        if (round < warmUp) continue;
        cold?.[name]?.push(first);
        warm?.[name]?.push(again);
      }
    }
  } finally {
    await close();
    await site.close();
  }
  return [
    [COLD, cold ?? {}],
    [WARM, warm ?? {}],
  ];
}

/** What each of them makes of a key set and a token, as the source of a module. */
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

/** One file each, as a bundler would make it. */
async function firstVerifications({ rounds }: Effort): Promise<Rounds> {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-bench-"));
  try {
    const { jwks, token } = await signerOf("ES256");
    const given = join(folder, "given.json");
    writeFileSync(given, JSON.stringify({ jwks, token: await token(0) }));
    const files = new Map<string, string>();
    for (const [name, contents] of Object.entries(VERIFIERS)) {
      const outfile = join(folder, `${name}.mjs`);
      const stdin = { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)), loader: "ts" as const };
      await build({ stdin, outfile, bundle: true, platform: "node", format: "esm", target: "node20", minify: true, logLevel: "error" });
      files.set(name, outfile);
    }
    const program = fileURLToPath(new URL("../start/first.mjs", import.meta.url));
    const found: Record<string, number[]> = Object.fromEntries([...files.keys()].map((name) => [name, []]));
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
  return Object.fromEntries([...(await navigations(effort)), [LOAD, await firstVerifications(effort)]]);
}
