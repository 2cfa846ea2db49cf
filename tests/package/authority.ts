// What the cells of the matrix talk to: for each cell, under a path of its own, an authority with a
// session, an API, a key set with tokens that jose signed, and the files of a page.

import { readFileSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Call, json, type Reply, ScriptedServer } from "../client/server.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

interface State {
  /** The folder whose files are served. */
  readonly folder: string;
  signedIn: boolean;
  granted: number;
  /** The token that the API takes. */
  valid: string | null;
}

export class Authority {
  readonly server: ScriptedServer;
  readonly #cells: Map<string, State>;

  private constructor(server: ScriptedServer, cells: Map<string, State>) {
    this.server = server;
    this.#cells = cells;
  }

  static async open(): Promise<Authority> {
    const keys = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "ES256" };
    const tokens = async (issuer: string) => {
      const good = await new SignJWT({ sub: "alice" })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" })
        .setIssuer(issuer)
        .setAudience("https://api.example.com")
        .setIssuedAt()
        .setExpirationTime("10 min")
        .sign(keys.privateKey);
      const [header, payload, signature = ""] = good.split(".");
      return {
        issuer,
        good,
        bad: `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
      };
    };
    const cells = new Map<string, State>();
    const server = await ScriptedServer.open(async (call) => {
      const [, cell = "", ...rest] = call.path.split("/");
      const state = cells.get(cell);
      if (state === undefined) return { status: 404 };
      const path = rest.join("/");
      if (path === "jwks") return json({ keys: [jwk] });
      if (path === "tokens") return json(await tokens(`${server.origin}/${cell}`));
      return session(state, path, call) ?? file(state.folder, path);
    });
    return new Authority(server, cells);
  }

  /** Sets up a cell and gives its address. */
  cell(name: string, folder: string): string {
    const place = name.replaceAll(/\W+/g, "-");
    this.#cells.set(place, { folder, signedIn: false, granted: 0, valid: null });
    return `${this.server.origin}/${place}`;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

function session(state: State, path: string, { token, method }: Call): Reply | null {
  const grant = (): Reply => {
    state.granted += 1;
    state.valid = `token-${state.granted}`;
    return json({
      access_token: state.valid,
      expires_in: 900,
      token_type: "Bearer",
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
      return token !== null && token === state.valid
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
