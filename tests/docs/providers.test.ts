// The configurations of docs/providers.md as they stand there, in Node and in workerd, against
// tokens in the shape of each provider: good ones, and near misses of several kinds.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { exportSPKI, SignJWT } from "jose";
import { Response as MiniflareResponse } from "miniflare";
import { base64url, type KeyPair, keyPair, sign, signatureOf } from "../edge/suite/kit.ts";
import { type Running, startWorker } from "../edge/workerd/start.ts";
import { certificateOf } from "./certificate.ts";
import { type Provider, providers, type Variant } from "./provider-tokens.ts";
import { bundle } from "./running.ts";
import { fencesOf, root } from "./snippets.ts";

const PAGE = "docs/providers.md";
const LEGACY_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";
const page = readFileSync(join(root, PAGE), "utf8");

/** The configurations of the page, by heading: the last block of each section that exports one. */
const sections = new Map<string, { place: number; lines: number }>();
for (const [place, { line, code }] of fencesOf(page).entries()) {
  const before = page.split("\n").slice(0, line);
  const heading = before.findLast((text) => text.startsWith("## "))?.slice(3);
  const isConfiguration = code.some((text) => /^export (const|function) issuers/.test(text));
  if (heading !== undefined && isConfiguration)
    sections.set(heading, { place, lines: code.length });
}

const imports = [...sections.values()].map(
  ({ place }) => `import * as p${place} from "doc:${PAGE}#${place}";`,
);
const members = [...sections].map(([name, { place }]) => `${JSON.stringify(name)}: p${place}`);

/** One guard for each configuration, by path; `fetch` as the option of that name. */
const program = `
  import { createVerifier } from "tokenkeep/edge";
  ${imports.join("\n")}
  const pages = { ${members.join()} };
  const handler = (request, env, ctx, { claims, scopes, roles, permissions }) =>
    Response.json({
      sub: claims.sub,
      scopes: [...scopes],
      roles: [...roles],
      permissions: [...permissions],
    });
  export function answerer(fetch) {
    const jwks = fetch === undefined ? {} : { fetch };
    const guards = new Map(Object.entries(pages).map(([name, { issuers, policy }]) =>
      [name, createVerifier({ issuers, jwks }).guard(handler, policy)]));
    return (request, env, ctx) => {
      const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
      return guards.get(name)(request, env, ctx);
    };
  }
  const answer = answerer();
  export default { fetch: (request, env, ctx) => answer(request, env, ctx) };
`;

async function bundled(): Promise<string> {
  const file = await bundle("providers.mjs", program, {
    format: "esm",
    packages: "external",
    define: { legacySecret: JSON.stringify(LEGACY_SECRET) },
  });
  return pathToFileURL(file).href;
}

/** The key of a provider; `whose` tells another one of the same kind. */
async function keyOf({ alg, kid, key }: Provider, whose = "theirs"): Promise<KeyPair> {
  const pair = await keyPair(alg, whose);
  return { ...pair, kid, jwk: { ...pair.jwk, kid, use: "sig", ...key } as KeyPair["jwk"] };
}

async function tokenOf(provider: Provider, { header, claims }: Variant = {}, pair?: KeyPair) {
  const now = Math.floor(Date.now() / 1000);
  const key = pair ?? (await keyOf(provider));
  const payload = { iat: now - 5, exp: now + 300, ...provider.claims, ...claims };
  const parameters = { typ: undefined, ...provider.header, ...header };
  if (provider.isPadded !== true) return sign(payload, parameters, key);
  const padded = (part: string) => part + "=".repeat(-part.length & 3);
  const written = (value: object) => padded(base64url(JSON.stringify(value)));
  const first = written({ alg: key.alg, kid: key.kid, ...parameters });
  const input = `${first}.${written(payload)}`;
  return `${input}.${padded(await signatureOf(input, key.privateKey))}`;
}

function requestOf({ name, place }: Provider, token: string | null, url: URL): Request {
  const headers = new Headers();
  if (token !== null && place === undefined) headers.set("Authorization", `Bearer ${token}`);
  else if (token !== null && place !== undefined && "header" in place)
    headers.set(place.header, token);
  else if (token !== null && place !== undefined && "cookie" in place)
    headers.set("Cookie", `theme=dark; ${place.cookie}=${token}`);
  return new Request(new URL(`/${encodeURIComponent(name)}`, url), { headers });
}

function named(name: string): Provider {
  return providers.find((provider) => provider.name === name) ?? assert.fail(name);
}

/** The set of all tenants has a key that only one of them uses. */
const ENTRA = named("Entra, many tenants");
const TENANT_KEY: Provider = {
  ...ENTRA,
  kid: "of-one-tenant",
  key: {
    issuer: "https://login.microsoftonline.com/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/v2.0",
  },
};

/** What is fetched, answered as the providers answer; null where there is nothing. */
const fetched: string[] = [];
async function published(address: string): Promise<string | null> {
  fetched.push(address);
  const pem = providers.find(({ keys, form }) => form !== undefined && keys === address);
  if (pem?.form === "pem-per-key") return exportSPKI((await keyOf(pem)).publicKey);
  if (pem !== undefined)
    return JSON.stringify({ [pem.kid]: await certificateOf(await keyOf(pem)) });
  const keys = new Map<string, unknown>();
  for (const provider of providers) {
    if (provider.keys === address) keys.set(provider.kid, (await keyOf(provider)).jwk);
    if (provider.olderKeys === address)
      keys.set(provider.kid, (await keyOf({ ...provider, key: {} })).jwk);
  }
  if (address === ENTRA.keys) keys.set(TENANT_KEY.kid, (await keyOf(TENANT_KEY, "a tenant's")).jwk);
  return keys.size === 0 ? null : JSON.stringify({ keys: [...keys.values()] });
}

async function respond<R>(
  address: string,
  make: new (body: string | null, init: { status: number }) => R,
): Promise<R> {
  const text = await published(address);
  return new make(text, { status: text === null ? 404 : 200 });
}

type Answer = (request: Request) => Promise<Response>;

let running: Running | undefined;
const runtimes: Record<string, () => Promise<{ url: URL; answer: Answer }>> = {
  node: async () => {
    const { answerer } = (await import(await bundled())) as {
      answerer(fetch: unknown): (request: Request, env: unknown, ctx: unknown) => Promise<Response>;
    };
    const answer = answerer((address: string) => respond(address, Response));
    const context = { waitUntil: () => undefined };
    return {
      url: new URL("http://localhost"),
      answer: (request) => answer(request, {}, context),
    };
  },
  workerd: async () => {
    running = await startWorker(await bundled(), {
      compatibilityFlags: [],
      outboundService: ({ url }: { url: string }) => respond(url, MiniflareResponse),
    });
    return { url: running.url, answer: (request) => fetch(request) };
  },
};

for (const [runtime, start] of Object.entries(runtimes)) {
  describe(`providers, in ${runtime}`, () => {
    let ready: Awaited<ReturnType<typeof start>> | undefined;
    before(async () => {
      ready = await start();
    });
    after(() => running?.miniflare.dispose());

    const ask = async (provider: Provider, token: string | null): Promise<[number, unknown]> => {
      const { url, answer } = ready ?? assert.fail("it did not start");
      const response = await answer(requestOf(provider, token, url));
      const body = await response.text();
      return [response.status, response.status === 200 ? JSON.parse(body) : body];
    };

    for (const provider of providers) {
      const { claims, finds = {}, more = {}, misses, name } = provider;
      test(`provider_${name.replace(/\W+/g, "_")}_lets_its_good_tokens_in_and_no_near_misses`, async () => {
        const found = { scopes: [], roles: [], permissions: [], ...finds };
        const good = await tokenOf(provider);
        for (const round of ["first", "again"])
          assert.deepEqual(
            await ask(provider, good),
            [200, { sub: claims["sub"], ...found }],
            round,
          );
        for (const [note, variant] of Object.entries(more))
          assert.equal((await ask(provider, await tokenOf(provider, variant)))[0], 200, note);
        for (const [note, variant] of Object.entries(misses))
          assert.equal((await ask(provider, await tokenOf(provider, variant)))[0], 401, note);
        assert.ok(Object.keys(misses).length >= 3, "three near misses");

        const others = await keyOf(provider, "somebody else's");
        const [header = "", payload = "", signature = ""] = good.split(".");
        const unsigned = base64url(JSON.stringify({ alg: "none", typ: "JWT" }));
        const now = Math.floor(Date.now() / 1000);
        for (const [note, token] of Object.entries({
          "by another key": await tokenOf(provider, {}, others),
          "of another kid": await tokenOf(provider, { header: { kid: "other" } }),
          "with the public key for a secret": await new SignJWT(claims)
            .setProtectedHeader({ alg: "HS256", kid: provider.kid })
            .setExpirationTime(now + 300)
            .sign(new TextEncoder().encode(JSON.stringify((await keyOf(provider)).jwk))),
          "that is over": await tokenOf(provider, { claims: { exp: now - 31 } }),
          "without an end": await tokenOf(provider, { claims: { exp: undefined } }),
          "with other claims": `${header}.${payload.slice(0, -2)}AA.${signature}`,
          "without a signature": `${unsigned}.${payload}.`,
        }))
          assert.equal((await ask(provider, token))[0], 401, note);
        assert.equal((await ask(provider, null))[0], 401, "no token");
      });
    }

    test("provider_Supabase_takes_its_old_secret_beside_its_keys_and_confuses_neither", async () => {
      const provider = named("Supabase, while it moves from HS256");
      const now = Math.floor(Date.now() / 1000);
      const byHash = (secret: string, kid?: string, more = {}) =>
        new SignJWT({ ...provider.claims, ...more })
          .setProtectedHeader({ alg: "HS256", typ: "JWT", ...(kid !== undefined && { kid }) })
          .setIssuedAt(now)
          .setExpirationTime(now + 300)
          .sign(new TextEncoder().encode(secret));
      assert.equal((await ask(provider, await byHash(LEGACY_SECRET)))[0], 200);
      assert.equal((await ask(provider, await byHash(LEGACY_SECRET, "KTSfLq0BGSbUJ0kY")))[0], 200);
      assert.equal((await ask(provider, await tokenOf(provider)))[0], 200);
      for (const token of [
        await byHash(LEGACY_SECRET.toUpperCase()),
        await byHash(JSON.stringify((await keyOf(provider)).jwk), provider.kid),
        await byHash(LEGACY_SECRET, undefined, { role: "anon" }),
        await byHash(LEGACY_SECRET, undefined, { iss: "supabase" }),
      ])
        assert.equal((await ask(provider, token))[0], 401);
      assert.equal((await ask(named("Supabase"), await byHash(LEGACY_SECRET)))[0], 401);
    });

    test("provider_Entra_takes_tokens_of_v1_beside_those_of_v2", async () => {
      const provider = named("Entra, one tenant");
      const tenant = String(provider.claims["tid"]);
      const v1 = {
        iss: `https://sts.windows.net/${tenant}/`,
        aud: "api://orders",
        appid: provider.claims["azp"],
        azp: undefined,
        ver: "1.0",
      };
      const token = (more = {}) => tokenOf(provider, { claims: { ...v1, ...more } });
      assert.equal((await ask(provider, await token()))[0], 200);
      for (const more of [
        { iss: "https://sts.windows.net/99999999-9999-4999-8999-999999999999/" },
        { iss: `https://sts.windows.net/${tenant}` },
        { aud: "https://graph.microsoft.com" },
      ])
        assert.equal((await ask(provider, await token(more)))[0], 401, JSON.stringify(more));
    });

    test("provider_Entra_uses_the_key_of_a_tenant_for_no_other", async () => {
      const pair = await keyOf(TENANT_KEY, "a tenant's");
      const theirs = ENTRA.more?.["of another tenant of ours"] ?? {};
      assert.equal((await ask(ENTRA, await tokenOf(ENTRA, theirs, pair)))[0], 200);
      assert.equal((await ask(ENTRA, await tokenOf(ENTRA, {}, pair)))[0], 401);
    });

    test("provider_keys_are_fetched_from_their_addresses_alone", () => {
      for (const { keys } of providers) assert.ok(fetched.includes(keys), keys);
    });
  });
}

test("provider_configurations_have_ten_lines_at_most_and_each_is_tried", () => {
  assert.deepEqual(
    [...sections.keys()],
    providers.map(({ name }) => name),
  );
  for (const [name, { lines }] of sections) assert.ok(lines <= 10, `${name}: ${lines} lines`);
});
