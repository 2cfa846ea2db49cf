// The Workers as `wrangler deploy` would upload them: wrangler bundles each by its
// wrangler.toml and stops short of the upload, its own migrations make the database, and what it
// bundled then serves a sign-in in workerd under the bindings of those files.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Miniflare, type WorkerOptions } from "miniflare";
import { parse } from "smol-toml";
import { unstable_getMiniflareWorkerOptions as optionsOf } from "wrangler";

type Name = "app" | "authority" | "api" | "stock";

interface Wrangler {
  name: string;
  compatibility_date: string;
  routes: { pattern: string }[];
  vars: Record<string, string>;
  kv_namespaces?: { id: string }[];
  triggers?: { crons: string[] };
  assets?: { directory: string; binding: string; run_worker_first: boolean };
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const NAMES: readonly Name[] = ["app", "authority", "api", "stock"];
const settings = Object.fromEntries(
  NAMES.map((name) => [name, parse(readFileSync(configOf(name), "utf8")) as unknown as Wrangler]),
) as Record<Name, Wrangler>;
const folder = await mkdtemp(join(tmpdir(), "tokenkeep-deploy-"));
after(() => rm(folder, { recursive: true, force: true }));

function configOf(name: Name): string {
  return join(root, "www", name, "wrangler.toml");
}

async function wrangler(...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    CI: "1",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "logs"),
    FORCE_COLOR: "0",
  };
  const command = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [command, ...args], {
    cwd: root,
    env,
    timeout: 180_000,
  });
  return stdout + stderr;
}

/** The SQL that www/account.mjs prints. */
function newAccount(password: string, ...args: string[]): string {
  return execFileSync(process.execPath, [join(root, "www", "account.mjs"), ...args], {
    input: password,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });
}

function originOf(name: Name): string {
  return `https://${settings[name].routes[0]?.pattern}`;
}

function cookieOf(answer: Response): string {
  return (answer.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
}

test("the files agree about each other", () => {
  const { app, authority, api, stock } = settings;
  assert.equal(stock.vars["ISSUER"], originOf("authority"));
  assert.equal(stock.routes, undefined, "the second API has no address");
  assert.deepEqual(stock.kv_namespaces, api.kv_namespaces);
  for (const { vars } of [authority, api]) {
    assert.equal(vars["ISSUER"], originOf("authority"));
    assert.equal(vars["ALLOWED_ORIGINS"], originOf("app"));
    assert.equal(vars["AUDIENCE"], authority.vars["AUDIENCE"]);
    assert.equal(vars["DEMO"], undefined, "the demo's controls must not be deployed");
  }
  assert.equal(app.vars["AUTHORITY_ORIGIN"], originOf("authority"));
  assert.equal(app.vars["API_ORIGIN"], originOf("api"));
  assert.deepEqual(authority.kv_namespaces, api.kv_namespaces);
});

test("an account wants a name and a password of some length", () => {
  assert.throws(() => newAccount("analytical engine", "ada"));
  assert.throws(() => newAccount("short\n", "ada", "Ada"));
});

describe("what wrangler would upload", () => {
  let workers: Miniflare;
  let said: readonly string[] = [];
  const callFrom = {
    Origin: originOf("app"),
    "X-Requested-With": "XMLHttpRequest",
    "Content-Type": "application/json",
  };

  before(async () => {
    const state = join(folder, "state");
    const bundled = NAMES.map((name) =>
      wrangler("deploy", "--dry-run", "--outdir", join(folder, name), "--config", configOf(name)),
    );
    said = await Promise.all(bundled);
    await wrangler(
      "d1",
      "migrations",
      "apply",
      "tokenkeep-authority",
      "--local",
      "--persist-to",
      state,
      "--config",
      configOf("authority"),
    );
    workers = new Miniflare({
      workers: NAMES.map(uploaded),
      defaultPersistRoot: join(state, "v3"),
      d1Persist: true,
      cf: false,
    });
    const db = await workers.getD1Database("DB", settings.authority.name);
    await db
      .prepare(newAccount("analytical engine\n", "ada", "Ada O'Lovelace", "--operator"))
      .run();
  });
  after(() => workers?.dispose());

  /**
   * A Worker from the files that wrangler wrote, with the bindings that wrangler reads in its
   * configuration.
   */
  function uploaded(name: Name): WorkerOptions {
    const files = readdirSync(join(folder, name))
      .filter((file) => /\.(js|wasm)$/.test(file))
      .sort((one) => (one === "worker.js" ? -1 : 1));
    const { assets } = settings[name];
    const { workerOptions } = optionsOf(configOf(name));
    // What `wrangler secret put` would have set.
    const secrets =
      name === "authority"
        ? { KEY_ENCRYPTION_SECRET: "as long as it has to be, and for this test only" }
        : {};
    return {
      ...(workerOptions as WorkerOptions),
      name: settings[name].name,
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      bindings: { ...workerOptions.bindings, ...secrets } as Record<string, string>,
      modules: files.map((file) => ({
        type: file.endsWith(".wasm") ? ("CompiledWasm" as const) : ("ESModule" as const),
        path: file,
        contents: readFileSync(join(folder, name, file)),
      })),
      ...(assets === undefined
        ? {}
        : {
            assets: {
              directory: join(root, "www", name, assets.directory),
              binding: assets.binding,
              routerConfig: {
                has_user_worker: true,
                invoke_user_worker_ahead_of_assets: assets.run_worker_first,
              },
            },
          }),
    };
  }

  async function call(
    name: Name,
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    return fetch(new URL(path, await workers.unsafeGetDirectURL(settings[name].name)), init);
  }

  /** The cookie of a new session, as a browser sends it back. */
  async function signIn(): Promise<string> {
    const body = JSON.stringify({ username: "ada", password: "analytical engine" });
    const signedIn = await call("authority", "/session/sign-in", {
      method: "POST",
      headers: callFrom,
      body,
    });
    assert.equal(signedIn.status, 200);
    return cookieOf(signedIn);
  }

  test("wrangler takes each configuration without a warning", () => {
    assert.equal(said.length, NAMES.length);
    for (const output of said) {
      assert.match(output, /--dry-run: exiting now/);
      assert.doesNotMatch(output, /warning|error/i);
    }
  });

  test("the API's wasm goes along as a module of its own", async () => {
    const wasm = readdirSync(join(folder, "api")).filter((file) => file.endsWith(".wasm"));
    assert.equal(wasm.length, 1);
    assert.deepEqual(
      await readFile(join(folder, "api", wasm[0] ?? "")),
      await readFile(join(root, "dist", "edge.wasm")),
    );
  });

  test("sign-in, refresh and a call of the API work from end to end", async () => {
    const cookie = await signIn();
    const refreshed = await call("authority", "/session/refresh", {
      method: "POST",
      headers: { ...callFrom, Cookie: cookie },
    });
    assert.equal(refreshed.status, 200);
    const { access_token: token } = (await refreshed.json()) as { access_token: string };
    const me = await call("api", "/api/me", { headers: { Authorization: `Bearer ${token}` } });
    assert.deepEqual(
      [me.status, ((await me.json()) as { name: string }).name],
      [200, "Ada O'Lovelace"],
    );
    assert.equal((await call("api", "/api/me")).status, 401);
  });

  test("the limit of refreshes counts, in a Durable Object of its own", async () => {
    let cookie = await signIn();
    const statuses: number[] = [];
    // Ten a minute; more, should this take so long that a minute begins anew.
    while (statuses.length < 30 && statuses.at(-1) !== 429) {
      const refreshed = await call("authority", "/session/refresh", {
        method: "POST",
        headers: { ...callFrom, Cookie: cookie },
      });
      statuses.push(refreshed.status);
      cookie = cookieOf(refreshed);
    }
    assert.deepEqual(new Set(statuses), new Set([200, 429]));
  });

  test("the schedule is set, and runs", async () => {
    const { triggers } = settings.authority;
    assert.equal(triggers?.crons.length, 1);
    const worker = await workers.getWorker(settings.authority.name);
    const { outcome } = await worker.scheduled({ cron: triggers?.crons[0] ?? "" });
    assert.equal(outcome, "ok");
  });

  test("the page comes with its headers, and names the two other origins", async () => {
    const page = await call("app", "/");
    assert.match(await page.text(), /<!doctype html>/i);
    assert.match(
      page.headers.get("Content-Security-Policy") ?? "",
      new RegExp(`connect-src 'self' ${originOf("authority")} ${originOf("api")};`),
    );
    const config = (await (await call("app", "/config.json")).json()) as { demo: boolean };
    assert.equal(config.demo, false);
  });

  test("each Worker with an address tells browsers to stay on https, and says nothing of it over http", async () => {
    for (const name of NAMES.filter((one) => one !== "stock")) {
      const worker = await workers.getWorker(settings[name].name);
      const said = async (scheme: string) => {
        const answer = await worker.fetch(originOf(name).replace("https", scheme));
        return answer.headers.get("Strict-Transport-Security");
      };
      assert.deepEqual([await said("https"), await said("http")], ["max-age=63072000", null], name);
    }
  });

  test("the demo's controls are not there", async () => {
    for (const name of ["authority", "api"] as const)
      assert.equal((await call(name, "/demo/stats")).status, 404);
  });
});
