// Ten conventions of backends. The configuration of each stands in docs/any-backend.md and runs as
// it stands there, against a server that answers so.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fencesOf, root } from "../docs/snippets.ts";
import { type Call, json, jwt, type Reply, type Scene, scenes, until } from "./harness.ts";
import { run } from "./recipes.ts";

const behaviour = scenes();
const PAGE = "docs/any-backend.md";

/** How a backend answers. `token` has to travel to the page and never reaches its program. */
interface Convention {
  readonly signIn: string;
  readonly refresh: string;
  readonly logout: string;
  /** An answer with a token, to a sign-in or a refresh. */
  grant(token: string): Reply;
  /** The answer to a refresh without a session. */
  readonly nobody: Reply;
  readonly loggedOut: Reply;
  /** The status of an API that refuses a token. */
  readonly refused?: number;
  /** The cookie whose value has to come back in the header. */
  readonly csrf?: { readonly cookie: string; readonly header: string };
  /** Which of the calls to one address it is, where there is one for all. */
  is?(what: "refresh" | "logout", call: Call): boolean;
  /** What `session.reply` shows after a sign-in. */
  readonly said?: unknown;
}

const user = { name: "Ada" };
const EXPOSED = { "Access-Control-Expose-Headers": "Authorization, X-Access-Token, Date" };
const holds = (text: string) => (call: Call) => call.body.toString().includes(text);

const CONVENTIONS: Readonly<Record<string, Convention>> = {
  Directus: {
    signIn: "/auth/login",
    refresh: "/auth/refresh",
    logout: "/auth/logout",
    is: (_, call) => holds('"mode":"cookie"')(call),
    grant: (token) => json({ data: { access_token: token, expires: 900_000 } }),
    nobody: json({ errors: [{ message: '"refresh_token" is required.' }] }, 400),
    loggedOut: { status: 204 },
    said: { data: { expires: 900_000 } },
  },
  Laravel: {
    signIn: "/api/auth/login",
    refresh: "/api/auth/refresh",
    logout: "/api/auth/logout",
    csrf: { cookie: "XSRF-TOKEN", header: "x-xsrf-token" },
    grant: (token) => json({ access_token: token, token_type: "bearer", expires_in: 900, user }),
    nobody: json({ message: "CSRF token mismatch." }, 419),
    loggedOut: json({ message: "Successfully logged out" }),
    refused: 419,
    said: { user },
  },
  "Django with SimpleJWT": {
    signIn: "/auth/login/",
    refresh: "/auth/token/refresh/",
    logout: "/auth/logout/",
    csrf: { cookie: "csrftoken", header: "x-csrftoken" },
    grant: (token) => json({ access: token, refresh: "" }),
    nobody: json({ detail: "No valid refresh token found.", code: "token_not_valid" }, 401),
    loggedOut: json({ detail: "Successfully logged out." }),
    said: { refresh: "" },
  },
  "Symfony with Lexik": {
    signIn: "/api/login_check",
    refresh: "/api/token/refresh",
    logout: "/api/token/invalidate",
    grant: (token) => json({ token }),
    nobody: json({ code: 401, message: "Missing JWT Refresh Token" }, 401),
    loggedOut: json({ code: 200, message: "The supplied refresh_token has been invalidated." }),
    said: null,
  },
  Strapi: {
    signIn: "/api/auth/local",
    refresh: "/api/auth/refresh",
    logout: "/api/auth/logout",
    grant: (token) => json({ jwt: token, user }),
    nobody: json({ data: null, error: { status: 400, name: "ValidationError" } }, 400),
    loggedOut: json({ ok: true }),
    said: { user },
  },
  Spring: {
    signIn: "/auth/login",
    refresh: "/auth/refresh",
    logout: "/auth/logout",
    csrf: { cookie: "XSRF-TOKEN", header: "x-xsrf-token" },
    grant: (token) => ({ status: 204, headers: { ...EXPOSED, Authorization: `Bearer ${token}` } }),
    nobody: { status: 403 },
    loggedOut: { status: 204 },
    refused: 403,
    said: null,
  },
  "ASP.NET": {
    signIn: "/account/login",
    refresh: "/account/refresh",
    logout: "/account/logout",
    grant: (token) =>
      json({ tokenType: "Bearer", accessToken: token, expiresIn: 900, refreshToken: "r" }),
    nobody: { status: 401 },
    loggedOut: { status: 200 },
    said: null,
  },
  GraphQL: {
    signIn: "/graphql",
    refresh: "/graphql",
    logout: "/graphql",
    is: (what, call) => holds(what === "refresh" ? "{ refresh {" : "{ logout }")(call),
    grant: (token) => json({ data: { refresh: { token, expiresIn: 900 } } }),
    nobody: json({ errors: [{ message: "UNAUTHENTICATED" }], data: { refresh: null } }),
    loggedOut: json({ data: { logout: true } }),
    said: null,
  },
  "A token in a header": {
    signIn: "/session",
    refresh: "/session",
    logout: "/session",
    is: (what, { method, body }) =>
      method === (what === "refresh" ? "POST" : "DELETE") && body.length === 0,
    grant: (token) => json({ user }, 200, { ...EXPOSED, "X-Access-Token": token }),
    nobody: { status: 204 },
    loggedOut: { status: 204 },
    said: { user },
  },
  "A moment of expiry": {
    signIn: "/sign-in",
    refresh: "/token",
    logout: "/sign-out",
    grant: (token) =>
      json({ token, validUntil: new Date(Date.now() + 900_000).toISOString() }, 200, EXPOSED),
    nobody: { status: 200 },
    loggedOut: { status: 204 },
    said: null,
  },
};

/** The block of the page that stands under this heading. */
function blockUnder(heading: string): string {
  const text = readFileSync(join(root, PAGE), "utf8");
  const line = text.split("\n").indexOf(`### ${heading}`) + 1;
  assert.ok(line > 0, `${PAGE} has no ${heading}`);
  const fences = fencesOf(text);
  const place = fences.findIndex((fence) => fence.line > line);
  const code = fences[place]!.code.filter((text) => text !== "" && !text.startsWith("import "));
  assert.ok(code.length <= 10, `${heading} takes ${code.length} lines`);
  return `doc:${PAGE}#${place}`;
}

/** A server that keeps the convention, with a session of its own in a cookie. */
function serve(scene: Scene, convention: Convention): { readonly told: string[] } {
  const { authority, api } = scene;
  const sessions = new Set<string>();
  const told: string[] = [];
  const sessionOf = ({ headers }: Call) => /\bsid=([\w-]+)/.exec(headers.cookie ?? "")?.[1] ?? "";
  const grant = (id: string): Reply => {
    const secret = `token-${scene.granted.length + 1}-${crypto.randomUUID()}`;
    const now = Math.floor(Date.now() / 1000);
    const token = jwt({ sub: "ada", jti: secret, iat: now, exp: now + 900 });
    scene.granted.push(token);
    scene.valid.add(token);
    const { headers, ...rest } = convention.grant(token);
    const cookies = [`sid=${id}; HttpOnly; Path=/`];
    if (convention.csrf) cookies.push(`${convention.csrf.cookie}=c%3D${id}; Path=/`);
    return { ...rest, headers: { ...headers, "Set-Cookie": cookies } };
  };
  const isForged = ({ headers }: Call) => {
    const { csrf } = convention;
    const sent = csrf && headers[csrf.header];
    const known = csrf && new RegExp(`${csrf.cookie}=([^;]+)`).exec(headers.cookie ?? "")?.[1];
    return csrf !== undefined && (known === undefined || sent !== decodeURIComponent(known));
  };
  const answer = (call: Call): Reply => {
    const at = (what: "refresh" | "logout") =>
      call.path === convention[what] && (convention.is?.(what, call) ?? true);
    if (at("refresh")) {
      const id = sessionOf(call);
      const known = sessions.has(id) && !isForged(call);
      told.push(known ? "refresh" : "nobody");
      return known ? grant(id) : convention.nobody;
    }
    if (at("logout")) {
      told.push(isForged(call) ? "forged logout" : "logout");
      if (!isForged(call)) sessions.delete(sessionOf(call));
      return isForged(call) ? { status: 403 } : convention.loggedOut;
    }
    if (call.path !== convention.signIn) return { status: 404 };
    told.push("sign-in");
    const id = crypto.randomUUID();
    sessions.add(id);
    return grant(id);
  };
  for (const path of new Set([convention.signIn, convention.refresh, convention.logout]))
    authority.on(path, answer);
  api.on("/orders", ({ token }) =>
    token !== null && scene.valid.has(token) ? json([]) : { status: convention.refused ?? 401 },
  );
  return { told };
}

for (const [name, convention] of Object.entries(CONVENTIONS)) {
  const title = name.replaceAll(/\W+/g, "_");
  behaviour(`client_A111_${title}_from_the_sign_in_to_the_logout`, async (scene) => {
    const { page, at, granted } = scene;
    const { told } = serve(scene, convention);
    const program = `export * from "${blockUnder(name)}";`;
    await run(scene, program);
    const call = () =>
      page.evaluate((api) => keep.fetch(`${api}/orders`).then(({ status }) => status), at.api);

    const start = await page.evaluate(() => stage.outcome(keep.start()));
    assert.equal(start.error, undefined, start.error?.message);
    const none = await scene.session();
    assert.deepEqual([none.status, none.reason], ["anonymous", "no-session"]);

    const seen = await page.evaluate(async (url) => {
      const init = { method: "POST", body: '{"user":"ada"}' };
      const response = await keep.signIn(url, init);
      return JSON.stringify([
        response.status,
        [...response.headers],
        await response.text(),
        keep.session,
        keep.explain(),
      ]);
    }, at.authority + convention.signIn);
    assert.doesNotMatch(seen, new RegExp(granted[0]!.split(".")[2]!));
    assert.ok(!seen.includes(granted[0]!), "the page does not see the token");
    const { status, expiresAt, reply } = await scene.session();
    assert.equal(status, "authenticated");
    const life = (expiresAt ?? 0) - Date.now();
    assert.ok(life > 800_000 && life < 1_000_000, `a token lives ${life} ms`);
    assert.deepEqual(reply, convention.said);

    assert.equal(await call(), 200);
    scene.valid.clear();
    assert.equal(await call(), 200);
    assert.deepEqual(told, ["nobody", "sign-in", "refresh"]);

    // Another tab finds the session by its cookie, with the same configuration.
    const second = await scene.open();
    await run({ ...scene, page: second }, program);
    assert.equal((await second.evaluate(() => keep.start())).status, "authenticated");

    const { error } = await page.evaluate(() => stage.outcome(keep.logout()));
    assert.equal(error, undefined, error?.message);
    await until(async () => (await scene.session(second)).status === "anonymous", "the sibling");
    assert.deepEqual(told.slice(3), ["refresh", "logout"]);
    const { error: refused } = await page.evaluate(() => stage.outcome(keep.refresh()));
    assert.equal(refused?.code, "refresh_rejected", refused?.message);
    assert.equal(refused.status, convention.nobody.status ?? 200);
  });
}
