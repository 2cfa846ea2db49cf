// A scene for each test: real Chromium, a page of its own origin, and an authority, an API and a
// foreign server that the test scripts. By default the authority grants a new token at each
// refresh, and the API accepts every token that was granted and not withdrawn.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import type { Session, TokenKeepOptions } from "tokenkeep";
import { type Chromium, launch } from "./browser.ts";
import { ENGINE_EACH, PAGE_ONLY } from "./hosts.ts";
import type { Seen } from "./page.ts";
import { json, type Reply, ScriptedServer } from "./server.ts";

export { launch, launchAsPeopleHaveIt } from "./browser.ts";
export { type Answer, type Call, Gate, hang, json, type Reply, ScriptedServer } from "./server.ts";
export { pause };

/** Where the keeps of this run live: HOST is "page", "dedicated" or "shared". */
export const hostOfRun = process.env.HOST ?? "page";

/** The most milliseconds to wait for what has to happen. It is long, for busy machines. */
const LIMIT = 60_000;

/** The options that can be sent to the page. */
export type Options = Omit<Partial<TokenKeepOptions>, "transport" | "host">;

export interface Scene {
  readonly app: ScriptedServer;
  readonly authority: ScriptedServer;
  readonly api: ScriptedServer;
  readonly foreign: ScriptedServer;
  /** The origins of the four servers, for programs in the page. */
  readonly at: {
    readonly app: string;
    readonly authority: string;
    readonly api: string;
    readonly foreign: string;
  };
  readonly context: BrowserContext;
  readonly page: Page;
  /** The tokens that were granted, in order, and those of them that the API still accepts. */
  readonly granted: string[];
  readonly valid: Set<string>;
  /** The lifetime in seconds, and the subject, of the tokens that are granted from now on. */
  lifetime: number;
  subject: string | null;
  /** A grant as the refresh endpoint sends it. */
  grant(members?: Record<string, unknown>): Reply;
  refreshes(): number;
  /** Another tab. */
  open(): Promise<Page>;
  /** Makes `keep` in a page; `started` starts it too. */
  keep(options?: Options, page?: Page): Promise<void>;
  started(options?: Options, page?: Page): Promise<void>;
  session(page?: Page): Promise<Session>;
  /** Waits for a status. */
  reaches(status: Session["status"], page?: Page): Promise<void>;
  /** The events so far, snapshots left out. */
  events(page?: Page): Promise<Exclude<Seen, { type: "change" }>[]>;
  /** Every uncaught error of a page. */
  readonly errors: string[];
}

/** Members of a keep that need the token in the page, and the option that can't cross. */
const IN_PAGE = /\b(withToken|adopt|attempt|transport)\b/;

/** Why a test is left out of this run; `undefined` when it is for it. */
function reasonToSkip(name: string, code: string): string | undefined {
  if (hostOfRun === "page") return undefined;
  if (IN_PAGE.test(code)) return "it names what only the page host has";
  const lists = [PAGE_ONLY, ...(hostOfRun === "shared" ? [ENGINE_EACH] : [])];
  const entries = lists.flatMap((list) => Object.entries(list));
  return entries.find(([beginning]) => name.startsWith(beginning))?.[1];
}

/**
 * The tests of one file share a browser: `const behaviour = scenes()`, then
 * `behaviour("client_A2_…", async (scene) => …)`. Where keeps live in a worker, tests that need
 * the page host are left out.
 */
export function scenes(
  start: () => Promise<Chromium> = () => launch(),
): (name: string, body: (scene: Scene) => Promise<void>) => void {
  let browser: Chromium;
  before(async () => {
    browser = await start();
  });
  after(() => browser.close());
  return (name, body) => {
    const skip = reasonToSkip(name, body.toString());
    test(name, { timeout: 240_000, ...(skip && { skip }) }, async () => {
      const { scene, end } = await sceneIn(browser);
      try {
        await body(scene);
      } finally {
        await end();
      }
    });
  };
}

/** Waits until `check` holds. */
export async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + LIMIT; performance.now() < end; await pause(20))
    if (await check()) return;
  assert.fail(`waited ${LIMIT / 1000} s for: ${what}`);
}

/** An unsigned JWT with these claims. The client reads claims and never verifies them. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256", typ: "at+jwt" })}.${part(claims)}.${Buffer.alloc(64, 7).toString("base64url")}`;
}

/**
 * Bundles a program for the page: a file of tests/client, or a text. All share one copy of the
 * package.
 */
export async function bundled(
  program: string | { readonly text: string; readonly plugins: Plugin[] },
): Promise<string> {
  const { outputFiles } = await build({
    ...(typeof program === "string"
      ? { entryPoints: [fileURLToPath(new URL(program, import.meta.url))] }
      : {
          stdin: {
            contents: program.text,
            resolveDir: fileURLToPath(new URL("../../", import.meta.url)),
          },
          plugins: program.plugins,
        }),
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    alias: {
      tokenkeep: "/tokenkeep.js",
      ...Object.fromEntries(
        ["react", "redirects", "slim"].map((name) => [
          `tokenkeep/${name}`,
          fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url)),
        ]),
      ),
    },
    external: ["/tokenkeep.js"],
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "warning",
  });
  return outputFiles[0]!.text;
}

const PAGE = {
  headers: { "Content-Type": "text/html", "Cache-Control": "no-cache" },
  body: '<!doctype html><title>scene</title><script type="module" src="/page.js"></script>',
};

export function script(body: string): Reply {
  return { headers: { "Content-Type": "text/javascript" }, body };
}

let files: ReturnType<typeof readFiles> | undefined;

async function readFiles() {
  const dist = (name: string) =>
    readFileSync(new URL(`../../dist/${name}`, import.meta.url), "utf8");
  return {
    client: dist("index.js"),
    chunks: ["dpop.js", "dpop-key.js", "worker-home.js", "worker.js", "hosted.js"].map(
      (name) => [name, dist(name)] as const,
    ),
    page: await bundled("page.ts"),
  };
}

/** A scene in this browser, for programs that are no tests. */
export async function sceneIn(
  browser: Chromium,
): Promise<{ readonly scene: Scene; end(): Promise<void> }> {
  const { client, chunks, page: program } = await (files ??= readFiles());
  const granted: string[] = [];
  const valid = new Set<string>();
  const refused = json({ error: "invalid_token" }, 401, {
    "WWW-Authenticate": 'Bearer error="invalid_token"',
  });
  const app = await ScriptedServer.open(() => PAGE);
  app.on("/tokenkeep.js", () => script(client));
  for (const [name, chunk] of chunks) app.on(`/${name}`, () => script(chunk));
  app.on("/page.js", () => script(program));
  const authority = await ScriptedServer.open(() => ({ status: 404 }));
  authority.on("/session/refresh", () => scene.grant());
  authority.on("/session/logout", () => ({ status: 204 }));
  const api = await ScriptedServer.open(({ token, path, body }) =>
    token !== null && valid.has(token) ? json({ path, body: body.toString() }) : refused,
  );
  const foreign = await ScriptedServer.open(() => json({ foreign: true }));
  const servers = [app, authority, api, foreign];
  const at = {
    app: app.origin,
    authority: authority.origin,
    api: api.origin,
    foreign: foreign.origin,
  };

  const context = await browser.context();
  context.setDefaultTimeout(LIMIT);
  const errors: string[] = [];
  // The compiler of the test runner wraps named functions in a call of this function, which the
  // page lacks.
  await context.addInitScript("globalThis.__name = (target) => target");
  // In each document: also in one that a page is led to.
  await context.addInitScript(`globalThis.hostOfRun = ${JSON.stringify(hostOfRun)}`);
  const open = async () => {
    const opened = await context.newPage();
    opened.on("pageerror", (error) => errors.push(error.message));
    await opened.goto(app.origin);
    await opened.waitForFunction(() => "stage" in globalThis);
    return opened;
  };
  const page = await open();

  const scene: Scene = {
    app,
    authority,
    api,
    foreign,
    at,
    context,
    page,
    granted,
    valid,
    errors,
    open,
    lifetime: 900,
    subject: null,
    grant(members) {
      const secret = `token-${granted.length + 1}-${crypto.randomUUID()}`;
      const token = scene.subject === null ? secret : jwt({ sub: scene.subject, jti: secret });
      granted.push(token);
      valid.add(token);
      return json({
        access_token: token,
        expires_in: scene.lifetime,
        token_type: "Bearer",
        ...members,
      });
    },
    refreshes: () => authority.to("/session/refresh").length,
    async keep(options = {}, where = page) {
      await where.evaluate(
        ([{ authority, api }, given]) => {
          globalThis.keep = stage.make({
            refresh: `${authority}/session/refresh`,
            logout: `${authority}/session/logout`,
            origins: [api],
            ...given,
          });
        },
        [at, { ...options }] as const,
      );
    },
    async started(options, where = page) {
      await scene.keep(options, where);
      await where.evaluate(() => keep.start());
    },
    session: (where = page) => where.evaluate(() => keep.session),
    async reaches(status, where = page) {
      await until(async () => (await scene.session(where)).status === status, `status ${status}`);
    },
    events: async (where = page) =>
      (await where.evaluate(() => stage.events)).filter((event) => event.type !== "change"),
  };
  return {
    scene,
    async end() {
      await browser.leave(context);
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
