// A small backend on node:http that keeps the server contract, and breaks it in the ways that a
// test asks for. Its clock moves only when the checks pause, so that no test waits or depends on
// speed.

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../kit/visit.ts";
import { type Encoding, encodings } from "./encodings.ts";

export const PAGE = "http://localhost:5173";
export const GRACE_SECONDS = 20;
const LIMIT = 12;
const COOKIE = "refresh";
/** What comes before a secret: a line of 80 characters ends in the middle of the secret. */
const PADDING = "x".repeat(70);

export type Fault =
  | "cookie readable by scripts"
  | "cookie without Secure"
  | "SameSite=None"
  | "SameSite=Lax"
  | "cookie for the whole host"
  | "path without logout"
  | "cookie with Domain"
  | "no CSRF check"
  | "any origin"
  | "GET accepted"
  | "forged refusals rotate"
  | "no preflight"
  | "star for an origin"
  | "no credentials"
  | "refusals without CORS"
  | "nothing exposed"
  | "Date not exposed"
  | "500 for no cookie"
  | "500 for an unknown cookie"
  | "403 for no session"
  | "400 invalid_grant"
  | "refusal in HTML"
  | "refusal deletes the cookie"
  | "redirects to a sign-in page"
  | "reply in HTML"
  | "no access token"
  | "token with a space"
  | "no lifetime"
  | "lifetime in the token"
  | "token_type mac"
  | "no token_type"
  | "huge reply"
  | "refresh token in the reply"
  | "cacheable"
  | "no rotation"
  | "no grace"
  | "another successor"
  | "endless grace"
  | "reuse without an alarm"
  | "limit as 401"
  | "limit without Retry-After"
  | "Retry-After as a date"
  | "Retry-After in words"
  | "limit deletes the cookie"
  | "no limit"
  | "limits every session at once"
  | "limit of ten minutes"
  | "sign-in redirects"
  | "session outlives logout"
  | "predecessor outlives logout"
  | "cookie outlives logout"
  | "deletion with another path"
  | "500 for a logout without a session"
  | "logout redirects"
  | `echoes secrets: ${Encoding}`
  | "breaks connections";

interface Family {
  current: string;
  /** When each used token was used, and its successor. */
  readonly used: Map<string, { at: number; successor: string }>;
  ended: boolean;
  refreshes: number;
}

export interface TestBackend {
  readonly base: URL;
  readonly clock: Clock;
  readonly secrets: readonly string[];
  close(): void;
}

export async function startBackend(faults: readonly Fault[] = []): Promise<TestBackend> {
  const machine = new Machine(new Set(faults));
  const server = createServer((request, response) => void machine.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    base,
    clock: machine.clock,
    secrets: machine.secrets,
    close: () => void (server.close(), server.closeAllConnections()),
  };
}

class Machine {
  readonly secrets: string[] = [];
  readonly clock: Clock;
  readonly #faults: ReadonlySet<Fault>;
  readonly #families = new Set<Family>();
  #now = 0;
  #minute = 0;
  #inMinute = 0;
  readonly #encoding: Encoding | undefined;

  constructor(faults: ReadonlySet<Fault>) {
    this.#faults = faults;
    this.#encoding = [...faults].flatMap((fault) => encodingOf(fault) ?? [])[0];
    this.clock = {
      now: () => this.#now,
      pause: async (seconds) => {
        this.#now += seconds;
      },
    };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://backend");
    const origin = request.headers.origin ?? "";
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    this.#allow(response, origin);
    if (request.method === "OPTIONS")
      return void response.writeHead(this.#has("no preflight") ? 405 : 204).end();
    if (!this.#has("cacheable")) response.setHeader("Cache-Control", "no-store");
    if (pathname === "/session/sign-in" && body.includes("pass-word"))
      return this.#signIn(response, body);
    if (pathname !== "/session/refresh" && pathname !== "/session/logout")
      return send(response, 404, { error: "not_found" });
    if (request.method !== "POST" && !this.#has("GET accepted"))
      return send(response, 405, { error: "method_not_allowed" });
    const cookie = /(?:^|; )refresh=([^;]*)/.exec(request.headers.cookie ?? "")?.[1] ?? null;
    if (cookie !== null) this.#echo(response, cookie);
    const isForged =
      (request.headers["x-requested-with"] === undefined && !this.#has("no CSRF check")) ||
      (origin !== PAGE && !this.#has("any origin"));
    if (isForged) {
      const family = cookie === null ? undefined : this.#familyOf(cookie);
      if (
        this.#has("forged refusals rotate") &&
        family !== undefined &&
        pathname === "/session/refresh"
      )
        this.#setCookie(response, this.#rotate(family));
      return send(response, 403, { error: "forged" });
    }
    return pathname === "/session/refresh"
      ? this.#refresh(response, cookie)
      : this.#logout(response, cookie);
  }

  #has(fault: Fault): boolean {
    return this.#faults.has(fault);
  }

  #allow(response: ServerResponse, origin: string): void {
    if (this.#has("star for an origin")) response.setHeader("Access-Control-Allow-Origin", "*");
    else if (origin === PAGE || this.#has("any origin"))
      response.setHeader("Access-Control-Allow-Origin", origin);
    if (!this.#has("no credentials"))
      response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Access-Control-Allow-Headers", "Content-Type, X-Requested-With");
    if (!this.#has("nothing exposed"))
      response.setHeader(
        "Access-Control-Expose-Headers",
        this.#has("Date not exposed") ? "Retry-After" : "Retry-After, Date",
      );
  }

  /** Writes a secret into the headers that rows quote. */
  #echo(response: ServerResponse, secret: string): void {
    if (this.#encoding === undefined) return;
    const echoed = encodings[this.#encoding](secret);
    response.setHeader("Access-Control-Allow-Origin", PADDING + echoed);
    response.setHeader("Access-Control-Expose-Headers", echoed);
    response.setHeader("Cache-Control", PADDING.slice(9) + echoed);
    response.setHeader("Content-Type", `text/${echoed}`);
  }

  #signIn(response: ServerResponse, body: string): void {
    this.#echo(response, body);
    const family = { current: this.#token(), used: new Map(), ended: false, refreshes: 0 };
    this.#families.add(family);
    if (this.#has("sign-in redirects")) {
      this.#setCookie(response, family.current);
      return void response.writeHead(303, { Location: "/" }).end();
    }
    this.#grant(response, family.current);
  }

  #refresh(response: ServerResponse, cookie: string | null): void {
    if (this.#has("breaks connections")) return void response.destroy();
    if (cookie === null && this.#has("500 for no cookie"))
      return send(response, 500, { error: "server_error" });
    const family = cookie === null ? undefined : this.#familyOf(cookie);
    if (cookie !== null && family === undefined && this.#has("500 for an unknown cookie"))
      return send(response, 500, { error: "server_error" });
    if (family === undefined || cookie === null || family.ended) return this.#refuse(response);
    family.refreshes += 1;
    if (this.#isLimited(family)) return this.#limit(response);
    const use = family.used.get(cookie);
    if (use === undefined)
      return this.#grant(response, this.#has("no rotation") ? cookie : this.#rotate(family));
    const isInWindow =
      this.#has("endless grace") || (this.#now - use.at <= GRACE_SECONDS && !this.#has("no grace"));
    if (isInWindow)
      return this.#grant(
        response,
        this.#has("another successor") ? this.#rotate(family) : use.successor,
      );
    if (!this.#has("reuse without an alarm")) family.ended = true;
    return this.#refuse(response);
  }

  #logout(response: ServerResponse, cookie: string | null): void {
    const family = cookie === null ? undefined : this.#familyOf(cookie);
    if (family === undefined && this.#has("500 for a logout without a session"))
      return send(response, 500, { error: "server_error" });
    if (family !== undefined) {
      if (this.#has("predecessor outlives logout")) family.current = "";
      else if (!this.#has("session outlives logout")) family.ended = true;
    }
    const path = this.#has("deletion with another path") ? "/" : this.#path();
    if (!this.#has("cookie outlives logout"))
      response.setHeader(
        "Set-Cookie",
        `${COOKIE}=; Max-Age=0; Path=${path}; HttpOnly; Secure; SameSite=Strict`,
      );
    if (this.#has("logout redirects")) return void response.writeHead(303, { Location: "/" }).end();
    response.writeHead(204).end();
  }

  #familyOf(token: string): Family | undefined {
    return [...this.#families].find(({ current, used }) => current === token || used.has(token));
  }

  #rotate(family: Family): string {
    const successor = this.#token();
    family.used.set(family.current, { at: this.#now, successor });
    family.current = successor;
    return successor;
  }

  #token(): string {
    const plain = randomBytes(24).toString("base64url");
    // Secrets that are echoed hold characters that the encodings escape.
    const marks = [..."\"<&'/=%~\\"];
    const token =
      this.#encoding === undefined
        ? plain
        : plain.replace(/.../g, (some) => some + (marks.push(marks[0] ?? ""), marks.shift()));
    this.secrets.push(token);
    return token;
  }

  #path(): string {
    return this.#has("cookie for the whole host")
      ? "/"
      : this.#has("path without logout")
        ? "/session/refresh"
        : "/session";
  }

  #setCookie(response: ServerResponse, value: string): void {
    const sameSite = this.#has("SameSite=None")
      ? "None"
      : this.#has("SameSite=Lax")
        ? "Lax"
        : "Strict";
    const attributes = [`Path=${this.#path()}`, `SameSite=${sameSite}`];
    if (!this.#has("cookie readable by scripts")) attributes.push("HttpOnly");
    if (!this.#has("cookie without Secure")) attributes.push("Secure");
    if (this.#has("cookie with Domain")) attributes.push("Domain=localhost");
    if (this.#encoding !== undefined)
      attributes.push(`Domain=${PADDING}${encodings[this.#encoding](value)}`);
    response.setHeader("Set-Cookie", `${COOKIE}=${value}; ${attributes.join("; ")}`);
  }

  #grant(response: ServerResponse, refreshToken: string): void {
    this.#setCookie(response, refreshToken);
    if (this.#has("reply in HTML")) return page(response, 200);
    const claims = Buffer.from(JSON.stringify({ iat: 1000, exp: 1900 })).toString("base64url");
    const token = this.#has("lifetime in the token")
      ? `e30.${claims}.${this.#token()}`
      : this.#token();
    this.#echo(response, token);
    send(response, 200, {
      ...(this.#has("no access token")
        ? {}
        : { access_token: this.#has("token with a space") ? `${token} x` : token }),
      ...(this.#has("no lifetime") || this.#has("lifetime in the token")
        ? {}
        : { expires_in: 900 }),
      ...(this.#has("no token_type")
        ? {}
        : { token_type: this.#has("token_type mac") ? "mac" : "bearer" }),
      ...(this.#has("refresh token in the reply") ? { refresh_token: refreshToken } : {}),
      ...(this.#has("huge reply") ? { padding: "x".repeat(70_000) } : {}),
    });
  }

  #refuse(response: ServerResponse): void {
    if (this.#has("refusals without CORS")) response.removeHeader("Access-Control-Allow-Origin");
    if (this.#has("refusal deletes the cookie"))
      response.setHeader("Set-Cookie", `${COOKIE}=; Max-Age=0; Path=/session`);
    if (this.#has("redirects to a sign-in page"))
      return void response.writeHead(302, { Location: "/sign-in" }).end();
    if (this.#has("refusal in HTML")) return page(response, 401);
    send(
      response,
      this.#has("403 for no session") ? 403 : this.#has("400 invalid_grant") ? 400 : 401,
      { error: "invalid_grant" },
    );
  }

  /** Counts for each session; or for all together, anew each minute. */
  #isLimited({ refreshes }: Family): boolean {
    if (!this.#has("limits every session at once"))
      return refreshes > LIMIT && !this.#has("no limit");
    const minute = Math.floor(this.#now / 60);
    this.#inMinute = minute === this.#minute ? this.#inMinute + 1 : 1;
    this.#minute = minute;
    return this.#inMinute > 3;
  }

  #limit(response: ServerResponse): void {
    if (this.#has("limit as 401")) return this.#refuse(response);
    if (this.#has("limit deletes the cookie"))
      response.setHeader("Set-Cookie", `${COOKIE}=; Max-Age=0; Path=/session`);
    if (this.#has("Retry-After as a date"))
      response.setHeader("Retry-After", new Date(Date.now() + 60_000).toUTCString());
    else if (this.#has("Retry-After in words")) response.setHeader("Retry-After", "soon");
    else if (!this.#has("limit without Retry-After"))
      response.setHeader("Retry-After", this.#has("limit of ten minutes") ? "600" : "60");
    send(response, 429, { error: "rate_limited" });
  }
}

function encodingOf(fault: Fault): Encoding | undefined {
  const name = /^echoes secrets: (.*)$/.exec(fault)?.[1];
  return name === undefined ? undefined : (name as Encoding);
}

function send(response: ServerResponse, status: number, body: object): void {
  if (!response.hasHeader("Content-Type"))
    response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.writeHead(status).end(JSON.stringify(body));
}

function page(response: ServerResponse, status: number): void {
  response
    .writeHead(status, { "Content-Type": "text/html" })
    .end("<!doctype html><title>Sign in</title>");
}
