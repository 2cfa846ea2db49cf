// A backend that signs people in, keeps their sessions and has an API: tokenkeep's server contract
// with Fastify and SQLite.

import * as crypto from "node:crypto";
import { promisify } from "node:util";
import cookie from "@fastify/cookie";
import Database from "better-sqlite3";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
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

const app = fastify();
await app.register(cookie);

const COOKIE = "__Secure-refresh";
const attributes = { httpOnly: true, secure: true, sameSite: "strict", path: "/session" } as const;

async function answer(reply: FastifyReply, { user, ends_at, token }: Session & { token: string }) {
  const accessToken = await new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ORIGIN)
    .setAudience(ORIGIN)
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime(now() + ACCESS_TOKEN_SECONDS)
    .sign(SECRET);
  reply.setCookie(COOKIE, token, { ...attributes, maxAge: ends_at - now() });
  return { access_token: accessToken, token_type: "Bearer", expires_in: ACCESS_TOKEN_SECONDS };
}

await app.register(
  async (session) => {
    session.addHook("onRequest", async ({ headers }, reply) => {
      reply.header("Cache-Control", "no-store");
      // No form and no page of another origin can send both.
      const isOurs = headers.origin === ORIGIN && headers["x-requested-with"] === "XMLHttpRequest";
      if (!isOurs) return reply.code(403).send({ error: "forbidden" });
    });

    session.post("/sign-in", async (request, reply) => {
      const { name, password } = (request.body ?? {}) as Record<string, unknown>;
      const isText = typeof name === "string" && typeof password === "string";
      if (isText && (await isPassword(name, password))) return answer(reply, begin(name));
      return reply.code(401).send({ error: "wrong_name_or_password" });
    });

    session.post("/refresh", async (request, reply) => {
      const renewed = renew.immediate(request.cookies[COOKIE] ?? "");
      if (renewed === "over") return reply.code(401).send({ error: "invalid_grant" });
      if (renewed === "late")
        return reply.code(503).header("Retry-After", "1").send({ error: "late" });
      return answer(reply, renewed);
    });

    session.post("/logout", async (request, reply) => {
      const row = find(request.cookies[COOKIE] ?? "");
      if (row !== undefined) end(row);
      return reply.clearCookie(COOKIE, attributes).code(204).send();
    });
  },
  { prefix: "/session" },
);

// The API.

const verifier = createVerifier({
  issuers: { issuer: ORIGIN, audience: ORIGIN, algorithms: ["HS256"], secret: SECRET },
});

/** Whose access token it is; throws for all but a good one. */
async function userOf({ raw }: FastifyRequest) {
  // `request.headers` would hide a second Authorization.
  const values = raw.headersDistinct["authorization"] ?? [];
  const headers = new Headers(values.map((value) => ["Authorization", value]));
  const { claims } = await verifier.authenticate(new Request(ORIGIN, { headers }));
  return claims.sub;
}

app.setErrorHandler((error, _request, reply) =>
  reply.send(error instanceof VerifyError ? error.response() : error),
);

app.get("/api/orders", async (request) => {
  const user = await userOf(request);
  return ["A kettle", "Two cups"].map((item, place) => ({ id: place + 1, item, for: user }));
});

await app.listen({ port: Number(PORT), host: "localhost" });
console.log(`Listening on http://localhost:${PORT}`);
