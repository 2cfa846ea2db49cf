// The command as it is published: its options, its exit codes, its two streams, and that it needs
// nothing else. Needs a built dist/.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { rows } from "../../kit/rows.ts";
import { type Fault, startBackend } from "./backend.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  bin: Record<string, string>;
};
const command = join(root, bin["tokenkeep-contract"] ?? "");

function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [command, ...args], { cwd: tmpdir() });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

/** With a window of 0 s and without the alarm, because the backend's clock stands still here. */
async function runAgainst(faults: readonly Fault[], ...args: string[]) {
  const backend = await startBackend(faults);
  try {
    const signIn = [
      "--sign-in",
      "session/sign-in",
      "--body",
      "pass-word",
      "--skip",
      "reuse.refused",
      "--skip",
      "reuse.ends-session",
      "--grace",
      "0",
    ];
    return await run(
      backend.base.href,
      "--origin",
      "http://localhost:5173",
      "--skip",
      "address.same-site",
      ...signIn,
      ...args,
    );
  } finally {
    backend.close();
  }
}

test("prints a table and ends with 0 when nothing fails; progress goes to stderr", async () => {
  const { code, out, err } = await runAgainst([]);
  assert.equal(code, 0, out + err);
  for (const { id } of rows) assert.ok(out.includes(`  ${id}  `), id);
  assert.match(out, /\n {2}\d+ pass, 0 warn, 0 fail, 3 not checked\n$/);
  assert.doesNotMatch(out, /\x1b/, "no colours where nobody looks");
  assert.match(err, /waiting \d s, until the grace window of 0 s is over/);
});

test("ends with 1 when a row fails, and says what came and why it matters", async () => {
  const { code, out } = await runAgainst(["SameSite=None"]);
  assert.equal(code, 1);
  assert.match(out, /fail +cookie\.same-site +the cookie is SameSite=Strict\n/);
  assert.match(out, /\n +came: SameSite=None, at sign-in; SameSite=None, at refresh\n +why: +RFC/);
});

test("--json prints the same as JSON", async () => {
  const { out } = await runAgainst(["SameSite=Lax"], "--json");
  const {
    backend,
    page,
    rows: found,
  } = JSON.parse(out) as { backend: string; page: string; rows: Record<string, string>[] };
  assert.match(backend, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.equal(page, "http://localhost:5173");
  assert.deepEqual(
    found.map(({ id }) => id),
    rows.map(({ id }) => id),
  );
  const warned = found.find(({ id }) => id === "cookie.same-site");
  assert.equal(warned?.["result"], "warn");
  assert.equal(warned?.["expected"], "the cookie is SameSite=Strict");
});

test("a cookie and a sign-in's body can come from files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tokenkeep-contract-"));
  const backend = await startBackend();
  try {
    const answer = await fetch(new URL("session/sign-in", backend.base), {
      method: "POST",
      body: "pass-word",
    });
    const [pair = ""] = (answer.headers.getSetCookie()[0] ?? "").split(";");
    await writeFile(join(folder, "cookie"), `${pair}\n`);
    const { code, out } = await run(
      backend.base.href,
      "--origin",
      "http://localhost:5173",
      "--skip",
      "address.same-site",
      "--cookie",
      `@${join(folder, "cookie")}`,
    );
    assert.equal(code, 0, out);
    assert.match(out, /pass +logout\.final /);
  } finally {
    backend.close();
    await rm(folder, { recursive: true });
  }
});

test("ends with 2 when it can't begin, and shows no secret in saying so", async () => {
  const wrong: [RegExp, ...string[]][] = [
    [/Give one base URL/],
    [/Give one base URL/, "http://localhost:9", "http://localhost:9"],
    [/the base URL is no http or https URL/, "localhost"],
    [/must hold no user name or password/, "http://ada:sesame@localhost/"],
    [/--origin wants an origin/, "http://localhost:9", "--origin", "http://localhost:9/app"],
    [/--cookie wants name=value/, "http://localhost:9", "--cookie", "sesame"],
    [/--header wants a line/, "http://localhost:9", "--header", "sesame"],
    [/go together/, "http://localhost:9", "--sign-in", "session/sign-in"],
    [
      /not both/,
      "http://localhost:9",
      "--sign-in",
      "in",
      "--body",
      "sesame",
      "--cookie",
      "a=sesame",
    ],
    [/--grace wants a whole number/, "http://localhost:9", "--grace", "1.5"],
    [/There is no row cookie/, "http://localhost:9", "--skip", "cookie"],
    [/can't be read/, "http://localhost:9", "--cookie", "@/no/such/file"],
    [/Unknown option/, "http://localhost:9", "--nonsense"],
  ];
  for (const [message, ...args] of wrong) {
    const { code, out, err } = await run(...args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, message);
    assert.doesNotMatch(err, /sesame/);
  }
  const backend = await startBackend();
  backend.close();
  const { code, err } = await run(backend.base.href);
  assert.equal(code, 2);
  assert.equal(
    err,
    `  › refreshing\nNothing answers at ${backend.base.href}session/refresh: ECONNREFUSED.\n`,
  );
});

test("--help tells all options", async () => {
  const { code, out } = await run("--help");
  assert.equal(code, 0);
  for (const option of [
    "sign-in",
    "body",
    "cookie",
    "cookie-name",
    "origin",
    "refresh",
    "logout",
    "csrf-header",
    "header",
    "grace",
    "burst",
    "skip",
    "json",
  ]) {
    assert.ok(out.includes(`--${option} `), option);
  }
});

test("it is one file that node runs, with nothing to install", async () => {
  const source = await readFile(command, "utf8");
  assert.ok(source.startsWith("#!/usr/bin/env node\n"));
  const imports = [...source.matchAll(/\bfrom\s*"([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(
    imports.filter((name) => name?.startsWith("node:") !== true),
    [],
  );
});

test("a project that installs the package has the command", async () => {
  const project = await mkdtemp(join(tmpdir(), "tokenkeep-contract-"));
  try {
    const called = (program: string, ...args: string[]) =>
      execFileSync(program, args, {
        cwd: project,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const [packed] = JSON.parse(called("npm", "pack", root, "--json", "--ignore-scripts")) as {
      filename: string;
    }[];
    await writeFile(join(project, "package.json"), '{"private":true}');
    called("npm", "install", "--offline", "--no-audit", "--no-fund", `./${packed?.filename}`);
    assert.ok(
      called("npx", "--offline", "-p", "tokenkeep", "tokenkeep-contract", "--help").startsWith(
        "npx -p tokenkeep tokenkeep-contract <base URL> [options]",
      ),
    );
  } finally {
    await rm(project, { recursive: true });
  }
});
