// What the cells of the matrix talk to: for each cell, under a path of its own, an authority with
// sessions, an API, a key set with tokens that jose signed, and the files of a page. Beside them an
// OpenID provider and a Redis.

import { readFileSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Call, json, type Reply, ScriptedServer } from "../client/server.ts";
import { RedisServer } from "../edge/redis/server.ts";
import { type Provider, startProvider } from "./provider.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

interface Session {
  signedIn: boolean;
  granted: number;
  /** The token that the API takes. */
  valid: string | null;
  type: string;
}

const AUDIENCE = "https://api.example.com";
const LOGOUT = "http://schemas.openid.net/event/backchannel-logout";

interface Cell {
  /** The folder whose files are served. */
  readonly folder: string;
  /** By the part of the path that begins with "~": a session for each client that signs in. */
  readonly sessions: Map<string, Session>;
}

export class Authority {
  readonly server: ScriptedServer;
  readonly #cells: Map<string, Cell>;
  readonly #provider: Provider;
  readonly #redis: RedisServer;

  private constructor(
    server: ScriptedServer,
    cells: Map<string, Cell>,
    provider: Provider,
    redis: RedisServer,
  ) {
    this.server = server;
    this.#cells = cells;
    this.#provider = provider;
    this.#redis = redis;
  }

  static async open(): Promise<Authority> {
    const keys = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "ES256" };
    const tokens = async (issuer: string) => {
      const good = await new SignJWT({ sub: "alice", sid: "s1" })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime("10 min")
        .sign(keys.privateKey);
      const logout = await new SignJWT({ sid: "s1", events: { [LOGOUT]: {} } })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "logout+jwt" })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime("2 min")
        .sign(keys.privateKey);
      const [header, payload, signature = ""] = good.split(".");
      return {
        issuer,
        good,
        logout,
        bad: `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      };
    };
    const [provider, redis] = await Promise.all([startProvider(), RedisServer.open()]);
    const about = { oidc: provider.about, redis: `redis://127.0.0.1:${redis.port}` };
    const cells = new Map<string, Cell>();
    const server = await ScriptedServer.open(async (call) => {
      const [, name = "", ...rest] = call.path.split("/");
      const cell = cells.get(name);
      if (cell === undefined) return { status: 404 };
      const whose = rest[0]?.startsWith("~") ? String(rest.shift()) : "";
      const path = rest.join("/");
      if (path === "about") return json(about);
      if (path === "jwks") return json({ keys: [jwk] });
      if (path === "tokens") return json(await tokens(`${server.origin}/${name}`));
      return session(sessionOf(cell, whose), path, call) ?? file(cell.folder, path);
    });
    return new Authority(server, cells, provider, redis);
  }

  /** Sets up a cell and gives its address. */
  cell(name: string, folder: string): string {
    const place = name.replaceAll(/\W+/g, "-");
    this.#cells.set(place, { folder, sessions: new Map() });
    return `${this.server.origin}/${place}`;
  }

  async close(): Promise<void> {
    await Promise.all([this.server.close(), this.#provider.stop(), this.#redis.stop()]);
  }
}

function sessionOf({ sessions }: Cell, whose: string): Session {
  const session = sessions.get(whose) ?? { signedIn: false, granted: 0, valid: null, type: "" };
  sessions.set(whose, session);
  return session;
}

/** A call that brings a proof gets a token that is bound to a key, and shows it with a proof. */
function session(state: Session, path: string, { headers, method }: Call): Reply | null {
  const type = headers["dpop"] === undefined ? "Bearer" : "DPoP";
  const token = headers.authorization?.replace(`${type} `, "") ?? null;
  const grant = (): Reply => {
    state.granted += 1;
    state.valid = `token-${state.granted}`;
    state.type = type;
    return json({
      access_token: state.valid,
      expires_in: 900,
      token_type: type,
      name: "Alice",
    });
  };
  switch (path) {
    case "session/sign-in":
      state.signedIn = true;
      return grant();
    case "session/refresh":
      return state.signedIn ? grant() : json({ error: "login_required" }, 401);
    case "session/logout":
      state.signedIn = false;
      return { status: 204 };
    case "api":
      if (method === "DELETE") state.valid = null;
      return token !== null && token === state.valid && type === state.type
        ? json({ token })
        : json({}, 401, { "WWW-Authenticate": 'Bearer error="invalid_token"' });
    default:
      return null;
  }
}

function file(folder: string, path: string): Reply {
  const place = join(folder, normalize(`/${decodeURIComponent(path)}`));
  const whole = statSync(place, { throwIfNoEntry: false })?.isDirectory()
    ? join(place, "index.html")
    : place;
  try {
    return {
      headers: { "Content-Type": TYPES[extname(whole)] ?? "application/octet-stream" },
      body: readFileSync(whole),
    };
  } catch {
    return { status: 404 };
  }
}
