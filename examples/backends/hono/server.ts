// A backend that signs people in, keeps their sessions and has an API: tokenkeep's server contract
// with Hono on Node and SQLite.

import * as crypto from "node:crypto";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import Database from "better-sqlite3";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SignJWT } from "jose";
import { createVerifier } from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";

const { ORIGIN = "http://localhost:5173", PORT = "3000", DATABASE = "sessions.db" } = process.env;
/** Signs access tokens. When it changes, pages refresh theirs and go on. */
const SECRET = Buffer.from(process.env["SECRET"] ?? crypto.randomBytes(32).toString("hex"));

const ACCESS_TOKEN_SECONDS = 10 * 60;
const SESSION_SECONDS = 30 * 24 * 60 * 60;
const GRACE_SECONDS = 20;
const now = () => Math.floor(Date.now() / 1000);

// Users. Put your own table of them here.

const scrypt = promisify<string, Buffer, number, crypto.ScryptOptions, Buffer>(crypto.scrypt);
const hashPassword = (password: string, salt: Buffer) => scrypt(password, salt, 32, { p: 5 });

async function newUser(password: string) {
  const salt = crypto.randomBytes(16);
  return { salt, hash: await hashPassword(password, salt) };
}

const users = new Map([["alice", await newUser("correct horse battery")]]);
/** Stands in for an unknown name, so that its answer takes as long. */
const nobody = await newUser(crypto.randomUUID());

async function isPassword(name: string, password: string): Promise<boolean> {
  const { salt, hash } = users.get(name) ?? nobody;
  return crypto.timingSafeEqual(await hashPassword(password, salt), hash);
}

// Sessions. Each refresh token is good for one use, and is known here by its hash only.

const db = new Database(DATABASE);
db.exec(`
  CREATE TABLE IF NOT EXISTS refresh_tokens (
    hash TEXT PRIMARY KEY, successor_key BLOB, used_at INTEGER,
    session TEXT, user TEXT, ends_at INTEGER
  );
  CREATE INDEX IF NOT EXISTS refresh_tokens_by_session ON refresh_tokens (session);
`);

interface Session {
  session: string;
  user: string;
  ends_at: number;
}
interface RefreshToken extends Session {
  hash: string;
  successor_key: Buffer;
  used_at: number | null;
}

const hashOf = (token: string) => crypto.createHash("sha256").update(token).digest("base64url");

function find(token: string): RefreshToken | undefined {
  const sql = "SELECT * FROM refresh_tokens WHERE hash = ? AND ends_at > ?";
  return db.prepare<[string, number], RefreshToken>(sql).get(hashOf(token), now());
}

function insert(token: string, { session, user, ends_at }: Session): void {
  db.prepare("INSERT INTO refresh_tokens VALUES (?, ?, NULL, ?, ?, ?)").run(
    hashOf(token),
    crypto.randomBytes(32),
    session,
    user,
    ends_at,
  );
}

function begin(user: string) {
  db.prepare("DELETE FROM refresh_tokens WHERE ends_at <= ?").run(now());
  const session = { session: crypto.randomUUID(), user, ends_at: now() + SESSION_SECONDS };
  const token = crypto.randomBytes(32).toString("base64url");
  insert(token, session);
  return { ...session, token };
}

function end({ session }: Session): void {
  db.prepare("DELETE FROM refresh_tokens WHERE session = ?").run(session);
}

/** Uses a refresh token for its successor, which is computed: it can be given again, unstored. */
const renew = db.transaction((token: string) => {
  const row = find(token);
  if (row === undefined) return "over";
  const successor = crypto
    .createHmac("sha256", row.successor_key)
    .update(token)
    .digest("base64url");
  if (row.used_at === null) {
    db.prepare("UPDATE refresh_tokens SET used_at = ? WHERE hash = ?").run(now(), row.hash);
    insert(successor, row);
  } else if (now() - row.used_at >= GRACE_SECONDS) {
    end(row); // Two have this token, and one of them is a thief.
    return "over";
  } else if (find(successor)?.used_at !== null) {
    return "late"; // The successor has arrived: nobody needs it again.
  }
  return { ...row, token: successor };
});

// HTTP.

const app = new Hono();

app.use("/session/*", async (c, next) => {
  c.header("Cache-Control", "no-store");
  // No form and no page of another origin can send both.
  const isOurs =
    c.req.header("Origin") === ORIGIN && c.req.header("X-Requested-With") === "XMLHttpRequest";
  return isOurs ? next() : c.json({ error: "forbidden" }, 403);
});

const COOKIE = "__Secure-refresh";
const attributes = { httpOnly: true, secure: true, sameSite: "Strict", path: "/session" } as const;

async function answer(c: Context, { user, ends_at, token }: Session & { token: string }) {
  const accessToken = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ORIGIN)
    .setAudience(ORIGIN)
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime(now() + ACCESS_TOKEN_SECONDS)
    .sign(SECRET);
  setCookie(c, COOKIE, token, { ...attributes, maxAge: ends_at - now() });
  return c.json({
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: ACCESS_TOKEN_SECONDS,
  });
}

app.post("/session/sign-in", async (c) => {
  const { name, password } = (await c.req.json().catch(() => null)) ?? {};
  const isText = typeof name === "string" && typeof password === "string";
  if (isText && (await isPassword(name, password))) return answer(c, begin(name));
  return c.json({ error: "wrong_name_or_password" }, 401);
});

app.post("/session/refresh", async (c) => {
  const renewed = renew.immediate(getCookie(c, COOKIE) ?? "");
  if (renewed === "over") return c.json({ error: "invalid_grant" }, 401);
  if (renewed === "late") return c.json({ error: "late" }, 503, { "Retry-After": "1" });
  return answer(c, renewed);
});

app.post("/session/logout", (c) => {
  const row = find(getCookie(c, COOKIE) ?? "");
  if (row !== undefined) end(row);
  deleteCookie(c, COOKIE, attributes);
  return c.body(null, 204);
});

// The API.

const verifier = createVerifier({
  issuers: { issuer: ORIGIN, audience: ORIGIN, algorithms: ["HS256"], secret: SECRET },
});

app.get("/api/orders", guard(verifier), (c) => {
  const user = c.var.auth.claims.sub;
  return c.json(
    ["A kettle", "Two cups"].map((item, place) => ({ id: place + 1, item, for: user })),
  );
});

serve({ fetch: app.fetch, port: Number(PORT), hostname: "localhost" }, () =>
  console.log(`Listening on http://localhost:${PORT}`),
);
