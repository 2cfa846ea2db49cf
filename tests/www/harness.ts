// Shared by the tests of the Workers: a stack on free ports for each file, and a caller that acts
// like a page of the app, with a cookie jar.

import { scryptSync } from "node:crypto";
import { after, before } from "node:test";
import { type Stack, type StackOptions, startStack } from "../../www/stack.mjs";

export const FREE_PORTS = { app: 0, authority: 0, api: 0 };
export const ALICE = { username: "alice", password: "correct horse battery" };
export const BOB = { username: "bob", password: "staple battery horse" };
/** For bursts of calls. The limits have tests of their own. */
export const UNLIMITED = { bindings: { authority: { RATE_LIMITS: "off" } } };
export const SOUTH = "/tenants/south";
export const COOKIE = "__Secure-refresh";

/**
 * Starts a stack before the tests of a file and ends it after them. The getter returns it inside a
 * test. The passwords' hashes are quick, except in tests of what a hash costs.
 */
export function useStack(
  options: StackOptions = {},
  hashes: "quick" | "usual" = "quick",
): () => Stack {
  let stack: Stack | undefined;
  before(async () => {
    stack = await startStack({ ports: FREE_PORTS, ...options });
    if (hashes === "quick") await hashQuickly(stack);
  });
  after(() => stack?.close());
  return () => {
    if (stack === undefined) throw new Error("the stack runs inside tests only");
    return stack;
  };
}

/**
 * Gives the demo's accounts hashes of their passwords that cost next to nothing to compare. The
 * usual ones take a core for an eighth of a second at each sign-in.
 */
export async function hashQuickly(stack: Stack): Promise<void> {
  for (const { username, password } of [ALICE, BOB]) {
    const salt = Buffer.alloc(16);
    const hash = scryptSync(password, salt, 32, { N: 2, r: 1, p: 1 });
    const stored = `$scrypt$ln=1,r=1,p=1$${salt.toString("base64url")}$${hash.toString("base64url")}`;
    await stack.sql(
      `UPDATE accounts SET password_hash = '${stored}' WHERE username = '${username}'`,
    );
  }
}

export interface TokenReply {
  access_token: string;
  expires_in: number;
  token_type: string;
}

export function authorization(accessToken: string): { Authorization: string } {
  return { Authorization: `Bearer ${accessToken}` };
}

/** A browser at the authority. It sends what a page of the app would send, and keeps the cookie. */
export class Visitor {
  cookie: string | null;
  readonly #stack: Stack;
  readonly #base: string;

  /** `base`: the path of its tenant. */
  constructor(stack: Stack, cookie: string | null = null, base = "") {
    this.#stack = stack;
    this.#base = base;
    this.cookie = cookie;
  }

  async post(
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const response = await fetch(this.#stack.authority + this.#base + path, {
      method: "POST",
      headers: {
        Origin: this.#stack.app,
        // workerd closes connections that are idle for a few seconds, now and then at the moment
        // when a busy machine sends the next call on one.
        Connection: "close",
        "X-Requested-With": "XMLHttpRequest",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(this.cookie === null ? {} : { Cookie: `${COOKIE}=${this.cookie}` }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const set = setCookie(response);
    if (set !== null) this.cookie = set.attributes.has("max-age=0") ? null : set.value;
    return response;
  }

  async signIn(credentials: unknown = ALICE): Promise<TokenReply> {
    return granted(await this.post("/session/sign-in", { body: credentials }));
  }

  async refresh(): Promise<TokenReply> {
    return granted(await this.post("/session/refresh"));
  }

  /** The status of a refresh that may fail. */
  async tryRefresh(): Promise<number> {
    const response = await this.post("/session/refresh");
    await response.arrayBuffer();
    return response.status;
  }
}

/** The claims of an access token. Nothing is verified here: the tests of the key set do that. */
export function claimsOf({ access_token: token }: TokenReply): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
}

/** The refresh cookie that an answer sets, its attributes in lower case. */
export function setCookie(response: Response): { value: string; attributes: Set<string> } | null {
  const [line] = response.headers.getSetCookie();
  if (line === undefined) return null;
  const [pair = "", ...attributes] = line.split("; ");
  if (!pair.startsWith(`${COOKIE}=`)) throw new Error(`an unexpected cookie: ${pair}`);
  return {
    value: pair.slice(COOKIE.length + 1),
    attributes: new Set(attributes.map((text) => text.toLowerCase())),
  };
}

async function granted(response: Response): Promise<TokenReply> {
  if (response.status !== 200)
    throw new Error(`answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as TokenReply;
}
