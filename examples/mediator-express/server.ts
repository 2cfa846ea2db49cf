// The server of a page whose users sign in at an OpenID provider: tokenkeep's mediator with its
// sessions in Redis, and an API that only good access tokens reach.

import { randomBytes } from "node:crypto";
import { getRequestListener } from "@hono/node-server";
import express, { type NextFunction, type Request as Req, type Response as Res } from "express";
import { createClient } from "redis";
import { discover } from "tokenkeep/discovery";
import { createVerifier, VerifyError } from "tokenkeep/edge";
import { createMediator, storedSessions } from "tokenkeep/mediator";
import { redisSessions } from "tokenkeep/redis";

const {
  ORIGIN = "http://localhost:5173",
  PORT = "3000",
  ISSUER = "http://127.0.0.1:4000",
  CLIENT_SECRET = "a secret for trying it",
  REDIS_URL = "redis://127.0.0.1:6380",
  // Seals the sessions. Without one they are over when the server starts again.
  SESSION_KEY = randomBytes(32).toString("base64"),
} = process.env;

const redis = createClient({ url: REDIS_URL });
redis.on("error", (error) => console.error(`Redis: ${error.message}`));
await redis.connect();

const mediator = createMediator({
  provider: { issuer: ISSUER, scope: "openid profile offline_access" },
  client: { id: "web", auth: { method: "client_secret_basic", secret: CLIENT_SECRET } },
  url: `${ORIGIN}/session`,
  apps: [ORIGIN],
  sessions: storedSessions(redisSessions(redis), { keys: [SESSION_KEY] }),
  onEvent: (event) => console.log(JSON.stringify(event)),
});

const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: "https://api.example.com",
    algorithms: ["RS256"],
    jwksUri: discover(),
  },
  profile: "access-token",
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

const app = express();

// Before any body parser.
app.all(
  "/session/{*rest}",
  getRequestListener((request) => mediator.fetch(request)),
);

app.get("/api/hello", guard, (_req, res) => {
  res.json({ hello: res.locals["user"] });
});

app.listen(Number(PORT), "localhost", () => console.log(`Listening on http://localhost:${PORT}`));
