// Runs the demo's servers in one real workerd (through miniflare): the authority with its database,
// the API, a second API behind it, and, given a folder of built files, the page. It exists so that
// `npm start`, the tests and the screenshots stand on the same stack: three origins of one site, so
// that credentialed CORS happens for real. Alone: node www/stack.mjs [--app build/app] [--persist
// .state]

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { argv } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { parse } from "smol-toml";

const www = fileURLToPath(new URL(".", import.meta.url));
const edgeWasm = fileURLToPath(new URL("../dist/edge.wasm", import.meta.url));
const DEFAULT_PORTS = { app: 8780, authority: 8781, api: 8782 };
const LOOPBACK = "127.0.0.1";
/** How often the folder of the built page is looked at. */
const LOOK_EVERY_MS = 300;
/** What the API is called in tokens: a name, not an address. */
const AUDIENCE = "https://api.tokenkeep.example";
/** The second API, behind the first one. */
const STOCK_AUDIENCE = "https://stock.tokenkeep.example";
/** What the first API is called where it acts for its users. */
const SERVICE_ID = "tokenkeep-api";
/** The second tenant, beside `main`. */
const TENANTS = JSON.stringify([{ id: "south", audience: "https://api.south.tokenkeep.example" }]);

/** @typedef {{ app: number, authority: number, api: number }} Ports */

/**
 * @typedef {object} StackOptions
 * @property {Partial<Ports>} [ports] 0 takes a free one
 * @property {string | false} [persist] the folder that keeps the database; false (the default)
 * forgets it
 * @property {string} [appDirectory] the built page; without it no page is served, but its origin is
 * still the one allowed
 * @property {boolean} [demo] the demo's accounts and controls; default true
 * @property {{ authority?: Record<string, string>, api?: Record<string, string> }} [bindings] laid
 * over the text bindings of a Worker
 */

/**
 * @typedef {object} Stack
 * @property {string} app an origin, as are the next two
 * @property {string} authority
 * @property {string} api
 * @property {() => Promise<void>} runSchedule what a cron trigger starts in a deployment
 * @property {(statement: string) => Promise<void>} sql changes the authority's database
 * @property {() => Promise<void>} forgetRevocations empties the namespace that the Workers share:
 * KV in a place that no write has reached yet
 * @property {() => Promise<void>} close
 */

/**
 * Starts the servers. A free port can be taken by another program before workerd has it: then
 * others are tried.
 * @param {StackOptions} [options]
 * @returns {Promise<Stack>}
 */
export async function startStack(options = {}) {
  const anyPort = Object.values(options.ports ?? {}).includes(0);
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      const taken = /** @type {NodeJS.ErrnoException} */ (error).code === "ERR_ADDRESS_IN_USE";
      if (!taken || !anyPort || tries === 5) throw error;
    }
  }
}

/** @param {StackOptions} options @returns {Promise<Stack>} */
async function startOnce({
  ports: wanted = {},
  persist = false,
  appDirectory,
  demo = true,
  bindings = {},
}) {
  const ports = await settlePorts({ ...DEFAULT_PORTS, ...wanted });
  const app = `http://localhost:${ports.app}`;
  const authority = `http://localhost:${ports.authority}`;
  const api = `http://localhost:${ports.api}`;
  const DEMO = demo ? "on" : "off";
  const service = await serviceKey();
  const recipient = await decryptionKey();
  const provider = demo && appDirectory !== undefined ? await startProvider(app) : null;
  const shared = { ISSUER: authority, AUDIENCE, TENANTS, ALLOWED_ORIGINS: app, DEMO };

  /** @type {import("miniflare").WorkerOptions[]} */
  const workers = [
    {
      ...(await bundled("authority", ports.authority)),
      d1Databases: { DB: "authority" },
      kvNamespaces: { SHARED: "shared" },
      durableObjects: { LIMITS: { className: "Limiter", useSQLite: true } },
      bindings: {
        ...shared,
        CLIENT_ID: "tokenkeep-demo",
        KEY_ENCRYPTION_SECRET: await keptSecret(persist),
        DPOP_NONCE_SECRET: randomBytes(32).toString("base64url"),
        SERVICES: JSON.stringify([
          {
            id: SERVICE_ID,
            jwks: { keys: [service.publicJwk] },
            audience: AUDIENCE,
            targets: { [STOCK_AUDIENCE]: ["stock:read"] },
          },
        ]),
        ENCRYPTION_KEYS: JSON.stringify({ [STOCK_AUDIENCE]: { keys: [recipient.publicJwk] } }),
        ...bindings.authority,
      },
    },
    {
      ...(await bundled("api", ports.api)),
      serviceBindings: { AUTHORITY: "authority", STOCK: "stock" },
      kvNamespaces: { SHARED: "shared" },
      // Revocations and rotations are to be seen at work, so they take effect sooner than they have
      // to.
      bindings: {
        ...shared,
        REVOCATION_CACHE_SECONDS: "2",
        KEY_SET_COOLDOWN_SECONDS: "1",
        DPOP_NONCE_SECRET: randomBytes(32).toString("base64url"),
        STOCK_AUDIENCE,
        SERVICE_ID,
        SERVICE_KEY: JSON.stringify(service.privateJwk),
        ...bindings.api,
      },
    },
    {
      ...(await bundled("stock")),
      serviceBindings: { AUTHORITY: "authority" },
      kvNamespaces: { SHARED: "shared" },
      bindings: {
        ISSUER: authority,
        AUDIENCE: STOCK_AUDIENCE,
        ACTORS: SERVICE_ID,
        DECRYPTION_KEY: JSON.stringify(recipient.privateJwk),
        KEY_SET_COOLDOWN_SECONDS: "1",
      },
    },
  ];
  if (appDirectory !== undefined) {
    workers.push({
      ...(await bundled("app", ports.app)),
      assets: {
        directory: resolve(appDirectory),
        binding: "ASSETS",
        // Every answer passes through the Worker, for the headers that it sets.
        routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
      },
      bindings: { AUTHORITY_ORIGIN: authority, API_ORIGIN: api, SOUTH: "/tenants/south", DEMO },
      ...(provider === null ? {} : { serviceBindings: { MEDIATOR: "mediator" } }),
    });
    if (provider !== null)
      workers.push({
        ...(await bundled("mediator")),
        durableObjects: { SESSIONS: { className: "SessionObject", useSQLite: true } },
        bindings: {
          ISSUER: provider.issuer,
          CLIENT_SECRET: "a secret for trying it",
          APP: app,
          SESSION_KEY: randomBytes(32).toString("base64url"),
        },
      });
  }

  /** @type {import("miniflare").MiniflareOptions} */
  const options = {
    workers,
    d1Persist: persist === false ? false : join(resolve(persist), "d1"),
    durableObjectsPersist: persist === false ? false : join(resolve(persist), "do"),
    kvPersist: persist === false ? false : join(resolve(persist), "kv"),
    cf: false, // else it asks the network where on earth it is
  };
  const filesBefore = appDirectory === undefined ? "" : await filesOf(appDirectory);
  const miniflare = new Miniflare(options);
  const ending = new AbortController();
  try {
    await miniflare.ready;
    await prepareDatabase(await miniflare.getD1Database("DB", "authority"), demo);
  } catch (error) {
    provider?.end();
    await miniflare.dispose();
    throw error;
  }
  const following =
    appDirectory === undefined
      ? undefined
      : follow(appDirectory, filesBefore, ending.signal, () => miniflare.setOptions(options));
  return {
    app,
    authority,
    api,
    async runSchedule() {
      const worker = await miniflare.getWorker("authority");
      const { outcome } = await worker.scheduled({ cron: "0 3 * * *" });
      if (outcome !== "ok") throw new Error(`the schedule ended with ${outcome}`);
    },
    async sql(statement) {
      const db = await miniflare.getD1Database("DB", "authority");
      await db.prepare(statement).run();
    },
    async forgetRevocations() {
      const shared = await miniflare.getKVNamespace("SHARED", "authority");
      const { keys } = await shared.list();
      await Promise.all(keys.map(({ name }) => shared.delete(name)));
    },
    async close() {
      ending.abort();
      await following;
      provider?.end();
      await miniflare.dispose();
    },
  };
}

/**
 * Calls `reload` each time the folder holds other files than before. workerd opens the folder only
 * at its start, so it does not find the files of a new folder. miniflare makes the validators for
 * browsers only at its start, so a new page would have the validator of the old one.
 * @param {string} folder
 * @param {string} served the files that are served now
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} reload
 */
async function follow(folder, served, signal, reload) {
  for (let before = served; !signal.aborted; ) {
    await pause(LOOK_EVERY_MS, undefined, { ref: false, signal }).catch(() => {});
    const now = await filesOf(folder);
    // The same as at the last look: nobody is writing any more.
    if (!signal.aborted && now !== "" && now !== served && now === before) {
      // The reload fails when the folder is gone again. It is tried again at the next look.
      const isServed = await reload().then(
        () => true,
        () => false,
      );
      if (isServed) served = now;
    }
    before = now;
  }
}

/** The files of a folder, each with what tells it from its predecessor. @param {string} folder */
async function filesOf(folder) {
  try {
    const names = (await readdir(folder, { recursive: true })).sort();
    const { ino } = await stat(folder);
    const lines = names.map(async (name) => {
      const { ino, size, mtimeMs } = await stat(join(folder, name));
      return `${name} ${ino} ${size} ${mtimeMs}`;
    });
    return names.length === 0 ? "" : [`${ino}`, ...(await Promise.all(lines))].join("\n");
  } catch {
    return ""; // gone, or changing right now
  }
}

/**
 * Starts the provider of the examples, which signs in whoever types a name, for the page to sign in
 * with.
 * @param {string} app
 */
async function startProvider(app) {
  const issuer = `http://${LOOPBACK}:${await freePort()}`;
  const file = join(www, "..", "examples", "mediator-worker", "provider.ts");
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: www,
    env: { ...process.env, ISSUER: issuer, ORIGIN: app },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const end = () => void child.kill();
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  await new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("The provider did not start.")));
    child.stdout.on("data", (text) => {
      if (String(text).includes(issuer)) resolve(undefined);
    });
  });
  return { issuer, end };
}

async function freePort() {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The key by which the API proves who it is. It is made anew at each start. */
async function serviceKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const { d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const publicJwk = { kty, crv, x, y, alg: "ES256", kid: "api-1" };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

/** The key by which the second API opens its tokens. It is made anew at each start. */
async function decryptionKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, [
    "deriveBits",
  ]);
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const publicJwk = { kty, crv, x, y, alg: "ECDH-ES+A256KW", use: "enc", kid: "stock-1" };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

/**
 * A Worker of www/ for miniflare: one module, and a port of its own, unless others alone call it.
 * @param {string} name @param {number} [port]
 */
async function bundled(name, port) {
  const { outputFiles } = await build({
    entryPoints: [join(www, name, "worker.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*", "*.wasm"],
    logLevel: "warning",
  });
  const script = outputFiles.map((file) => file.text).join("");
  // A deployment adds the wasm as a compiled module too.
  const guarded = script.includes("./edge.wasm");
  return {
    name,
    modules: [
      { type: /** @type {const} */ ("ESModule"), path: "worker.mjs", contents: script },
      ...(guarded
        ? [
            {
              type: /** @type {const} */ ("CompiledWasm"),
              path: "edge.wasm",
              contents: await readFile(edgeWasm),
            },
          ]
        : []),
    ],
    ...(await runtimeOf(name)),
    ...(port === undefined ? {} : { unsafeDirectSockets: [{ host: LOOPBACK, port }] }),
  };
}

/** The runtime that a Worker asks for, here as where it is deployed. @param {string} name */
async function runtimeOf(name) {
  const { compatibility_date: date, compatibility_flags: flags = [] } = parse(
    await readFile(join(www, name, "wrangler.toml"), "utf8"),
  );
  return { compatibilityDate: String(date), compatibilityFlags: /** @type {string[]} */ (flags) };
}

/**
 * The secret that seals the authority's keys. It is made here and kept beside the database, whose
 * keys can't be read without it. A deployment sets its own, outside of any backup of the database.
 * @param {string | false} persist
 */
async function keptSecret(persist) {
  const secret = randomBytes(32).toString("base64url");
  if (persist === false) return secret;
  const file = join(resolve(persist), "key-encryption-secret");
  await mkdir(resolve(persist), { recursive: true });
  // "wx" fails for a file that exists, so a secret that is there stays.
  await writeFile(file, secret, { flag: "wx", mode: 0o600 }).catch(
    (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return readFile(file, "utf8");
}

/**
 * Applies the missing migrations, each as one transaction, and notes them in the table that
 * wrangler uses.
 * @param {Awaited<ReturnType<Miniflare["getD1Database"]>>} db
 * @param {boolean} demo
 */
async function prepareDatabase(db, demo) {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations
       (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
        applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  /** @type {string[][]} */
  const rows = await db.prepare("SELECT name FROM d1_migrations").raw();
  const applied = new Set(rows.flat());
  const folder = join(www, "authority", "migrations");
  for (const name of (await readdir(folder)).sort()) {
    if (applied.has(name)) continue;
    const sql = await readFile(join(folder, name), "utf8");
    await db.batch([
      db.prepare(sql),
      db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
  if (demo)
    await db.prepare(await readFile(join(www, "authority", "demo", "users.sql"), "utf8")).run();
}

/**
 * Finds free ports for zeros. Throws for a port that is taken, and names it.
 * @param {Ports} wanted @returns {Promise<Ports>}
 */
async function settlePorts({ app, authority, api }) {
  /** @type {import("node:net").Server[]} */
  const held = [];
  const hold = async (/** @type {number} */ port) => {
    const server = createServer();
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, LOOPBACK, () => resolve(undefined));
    }).catch((/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code !== "EADDRINUSE") throw error;
      throw Object.assign(new Error(`Port ${port} is taken by another program.`), {
        code: error.code,
      });
    });
    held.push(server);
    return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
  };
  try {
    // All three are held at once, so that no two are the same.
    return { app: await hold(app), authority: await hold(authority), api: await hold(api) };
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { app: { type: "string" }, persist: { type: "string" } },
  });
  const stack = await startStack({
    persist: values.persist ?? false,
    ...(values.app === undefined ? {} : { appDirectory: values.app }),
  });
  if (values.app !== undefined) console.log(`page       ${stack.app}`);
  console.log(`authority  ${stack.authority}\nAPI        ${stack.api}\nEnd with ctrl-C.`);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
    process.once(signal, () => void stack.close());
}
