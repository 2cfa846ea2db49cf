// A backend that signs people in, keeps their sessions and has an API: tokenkeep's server contract
// with Express and SQLite.

import * as crypto from "node:crypto";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import express, { type NextFunction, type Request as Req, type Response as Res } from "express";
import { SignJWT } from "jose";
import { createVerifier, VerifyError } from "tokenkeep/edge";

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

const app = express();

app.use("/session", (req, res, next) => {
  res.set("Cache-Control", "no-store");
  // No form and no page of another origin can send both.
  const isOurs = req.get("Origin") === ORIGIN && req.get("X-Requested-With") === "XMLHttpRequest";
  if (isOurs) next();
  else res.status(403).json({ error: "forbidden" });
});

const COOKIE = /(?:^|; )__Secure-refresh=([\w-]{43})(?:;|$)/;
const attributes = { httpOnly: true, secure: true, sameSite: "strict", path: "/session" } as const;

const refreshTokenOf = (req: Req) => COOKIE.exec(req.get("Cookie") ?? "")?.[1] ?? "";

async function answer(res: Res, { user, ends_at, token }: Session & { token: string }) {
  const accessToken = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ORIGIN)
    .setAudience(ORIGIN)
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime(now() + ACCESS_TOKEN_SECONDS)
    .sign(SECRET);
  res.cookie("__Secure-refresh", token, { ...attributes, maxAge: (ends_at - now()) * 1000 });
  res.json({ access_token: accessToken, token_type: "Bearer", expires_in: ACCESS_TOKEN_SECONDS });
}

app.post("/session/sign-in", express.json(), async (req, res) => {
  const { name, password } = req.body ?? {};
  const isText = typeof name === "string" && typeof password === "string";
  if (isText && (await isPassword(name, password))) await answer(res, begin(name));
  else res.status(401).json({ error: "wrong_name_or_password" });
});

app.post("/session/refresh", async (req, res) => {
  const renewed = renew.immediate(refreshTokenOf(req));
  if (renewed === "over") res.status(401).json({ error: "invalid_grant" });
  else if (renewed === "late") res.status(503).set("Retry-After", "1").json({ error: "late" });
  else await answer(res, renewed);
});

app.post("/session/logout", (req, res) => {
  const row = find(refreshTokenOf(req));
  if (row !== undefined) end(row);
  res.clearCookie("__Secure-refresh", attributes).status(204).end();
});

// The API.

const verifier = createVerifier({
  issuers: { issuer: ORIGIN, audience: ORIGIN, algorithms: ["HS256"], secret: SECRET },
});

/** Lets only good access tokens through. */
async function guard(req: Req, res: Res, next: NextFunction): Promise<void> {
  // `req.headers` would hide a second Authorization.
  const values = req.headersDistinct["authorization"] ?? [];
  const headers = new Headers(values.map((value) => ["Authorization", value]));
  try {
    const { claims } = await verifier.authenticate(new Request(ORIGIN, { headers }));
    res.locals["user"] = claims.sub;
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    const refusal = error.response();
    res.status(refusal.status).set(Object.fromEntries(refusal.headers));
    res.send(await refusal.text());
    return;
  }
  next();
}

app.get("/api/orders", guard, (_req, res) => {
  const items = ["A kettle", "Two cups"];
  res.json(items.map((item, place) => ({ id: place + 1, item, for: res.locals["user"] })));
});

app.listen(Number(PORT), "localhost", () => console.log(`Listening on http://localhost:${PORT}`));
