// Every backend in examples/ keeps the server contract: the contract kit runs against each, as it
// stands there, and finds no failing row. Half a minute: the kit waits until a grace window is
// over.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { root } from "../package/project.ts";
import { backends } from "./backends.ts";
import { freePort, type Program, placed } from "./placed.ts";

const ACCOUNT = { name: "alice", password: "correct horse battery" };

/** What none of them can show: their page has their own origin, and they have no limit. */
const notChecked = [
  "cors.answer",
  "cors.expose",
  "cors.preflight",
  "cors.refusal",
  "limit.keeps-cookie",
  "limit.retry-after",
  "limit.status",
];

async function findings(base: string): Promise<{ id: string; result: string; came: string }[]> {
  const body = JSON.stringify(ACCOUNT);
  const args = [base, "--sign-in", "session/sign-in", "--body", body, "--json"];
  const child = spawn(process.execPath, [join(root, "dist", "contract.js"), ...args]);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.notEqual(out, "", err);
  return JSON.parse(out).rows;
}

/** A call as the page makes it. */
async function call(url: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  headers.set("Origin", new URL(url).origin);
  headers.set("X-Requested-With", "XMLHttpRequest");
  const reply = await fetch(url, { method: "POST", ...init, headers });
  const body = await reply.text();
  const json = body.startsWith("{") || body.startsWith("[") ? JSON.parse(body) : null;
  const [cookie = null] = reply.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
  return { status: reply.status, json, cookie, headers: reply.headers };
}

const signIn = (base: string, account: unknown) =>
  call(`${base}/session/sign-in`, {
    headers: { "Content-Type": "application/json" },
    body: typeof account === "string" ? account : JSON.stringify(account),
  });

const refresh = (base: string, cookie: string | null) =>
  call(`${base}/session/refresh`, { headers: { Cookie: cookie ?? "" } });

const orders = (base: string, ...authorization: string[]) =>
  call(`${base}/api/orders`, {
    method: "GET",
    headers: authorization.map((value): [string, string] => ["Authorization", value]),
  });

describe("the backends in examples/", { concurrency: true }, () => {
  for (const { name, skip, start } of backends) {
    describe(name, { concurrency: true, skip }, () => {
      let folder = "";
      let base = "";
      let program: Program | undefined;
      before(async () => {
        const port = await freePort();
        base = `http://localhost:${port}`;
        folder = await placed(name);
        program = await start(folder, { ORIGIN: base, PORT: String(port) });
      });
      after(() => program?.end());

      test("keeps the contract: no row fails, and none warns", async () => {
        const others = (await findings(base)).filter(({ result }) => result !== "pass");
        assert.deepEqual(
          others.filter(({ result }) => result !== "not checked"),
          [],
        );
        assert.deepEqual(others.map(({ id }) => id).sort(), notChecked);
      });

      test("signs nobody in by a wrong password, a name that nobody has, or no such body", async () => {
        for (const account of [
          { ...ACCOUNT, password: "wrong" },
          { ...ACCOUNT, name: "nobody" },
          { ...ACCOUNT, name: ["alice"] },
          { ...ACCOUNT, password: 1 },
          {},
          [],
          "null",
          "{",
          "",
        ]) {
          const { status, json, cookie } = await signIn(base, account);
          assert.ok(status === 401 || status === 400, `${status} for ${JSON.stringify(account)}`);
          assert.deepEqual([json?.access_token, cookie], [undefined, null]);
        }
      });

      test("shows its API to good access tokens only, and challenges the others", async () => {
        const { json } = await signIn(base, ACCOUNT);
        const token: string = json.access_token;
        const good = await orders(base, `Bearer ${token}`);
        assert.equal(good.status, 200);
        assert.deepEqual(good.json[0], { id: 1, item: "A kettle", for: "alice" });
        const none = await orders(base);
        assert.equal(none.status, 401);
        assert.match(none.headers.get("WWW-Authenticate") ?? "", /^Bearer/);
        const [head = "", claims = "", signature = ""] = token.split(".");
        const strange = signature.startsWith("A")
          ? `B${signature.slice(1)}`
          : `A${signature.slice(1)}`;
        const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
        for (const bad of [`${head}.${claims}.${strange}`, `${unsigned}.${claims}.`, "x"]) {
          const refused = await orders(base, `Bearer ${bad}`);
          assert.equal(refused.status, 401, bad);
          assert.match(refused.headers.get("WWW-Authenticate") ?? "", /error="invalid_token"/);
        }
      });

      test("gives nothing to a used token once its successor is used, and does not end the session", async () => {
        const first = (await signIn(base, ACCOUNT)).cookie;
        const second = (await refresh(base, first)).cookie;
        const third = (await refresh(base, second)).cookie;
        const late = await refresh(base, first);
        assert.deepEqual(
          [late.status, late.headers.get("Retry-After"), late.cookie],
          [503, "1", null],
        );
        assert.equal((await refresh(base, third)).status, 200);
      });

      test("keeps no refresh token in its database", async () => {
        const first = await signIn(base, ACCOUNT);
        const { cookie } = await refresh(base, first.cookie);
        const database = readFileSync(join(folder, "sessions.db"), "latin1");
        const [, token = ""] = cookie?.split("=") ?? [];
        const hash = createHash("sha256").update(token).digest();
        const isKnown = (["base64url", "hex"] as const).some((how) =>
          database.includes(hash.toString(how)),
        );
        assert.deepEqual([isKnown, database.includes(token)], [true, false]);
      });
    });
  }
});

test("the backends for Node differ in HTTP alone: users and sessions are the same text", () => {
  const [express, ...others] = ["express-react", "backends/fastify", "backends/hono"].map(
    (name) => {
      const source = readFileSync(join(root, "examples", name, "server.ts"), "utf8");
      return source.slice(source.indexOf("const { ORIGIN"), source.indexOf("// HTTP."));
    },
  );
  assert.ok(express !== undefined && express.length > 1000);
  for (const other of others) assert.equal(other, express);
});
