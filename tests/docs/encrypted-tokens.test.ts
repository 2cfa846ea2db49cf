// The code of docs/encrypted-tokens.md, run as it stands there, and the sizes in its table.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { CompactEncrypt, generateKeyPair } from "jose";
import type { Jwk } from "tokenkeep/edge";
import { claims, keyPair, sign } from "../edge/suite/kit.ts";
import { block } from "./blocks.ts";
import { bundle, ISSUER, inWorkerd } from "./running.ts";
import { root } from "./snippets.ts";

const PAGE = "docs/encrypted-tokens.md";
const now = () => Math.floor(Date.now() / 1000);

/** Imports a block as a module of its own, with these globals. */
async function run<T>(place: number, globals: object): Promise<T> {
  const file = await bundle(
    `encrypted-${place}.mjs`,
    `export * as block from "doc:${PAGE}#${place}";`,
    { format: "esm", packages: "external" },
  );
  Object.assign(globalThis, globals);
  return ((await import(pathToFileURL(file).href)) as { block: T }).block;
}

/** What the page's script has made: the API's key. */
let key = "";
let encrypted = "";
let token = "";

before(async () => {
  const script = block(PAGE, 1).code;
  key = execFileSync(process.execPath, ["--input-type=module", "--eval", script]).toString();
  token = await sign(
    claims({ iss: ISSUER, aud: "https://api.example.com", iat: now(), exp: now() + 300 }),
  );
});

test("the page's key is published by halves, and its authority encrypts for it", async () => {
  type Keys = { encryptionKeys: () => Promise<Response> };
  const { encryptionKeys } = await run<Keys>(2, { env: { DECRYPTION_KEY: key } });
  const { keys } = (await (await encryptionKeys()).json()) as { keys: Jwk[] };
  const { d, ...half } = JSON.parse(key) as Jwk;
  assert.equal(typeof d, "string");
  assert.deepEqual(keys, [{ ...half, use: "enc" }]);
  ({ encrypted } = await run<{ encrypted: string }>(4, { token, apisKey: keys[0] }));
  assert.equal(encrypted.split(".").length, 5);
});

test("the page's verifier takes the encrypted token and refuses the one that was inside", async () => {
  const text = `
    import ${JSON.stringify(`data:text/javascript,globalThis.env={DECRYPTION_KEY:${JSON.stringify(key)}}`)};
    import { verifier } from "doc:${PAGE}#0";
    export default {
      fetch: verifier.guard((request, env, ctx, { claims }) => Response.json(claims.sub)),
    };`;
  await inWorkerd("encrypted", text, await keyPair(), async (url) => {
    const answers = [encrypted, token].map(async (bearer) => {
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${bearer}` } });
      return [answer.status, await answer.text()];
    });
    assert.deepEqual(await Promise.all(answers), [
      [200, '"alice"'],
      [401, '{"error":"invalid_token"}'],
    ]);
  });
});

test("the page's key opens a JWE alone", async () => {
  type Decrypted = { plaintext: Uint8Array };
  const { plaintext } = await run<Decrypted>(3, { jwe: encrypted, jwk: JSON.parse(key) });
  assert.equal(new TextDecoder().decode(plaintext), token);
});

test("the page's table has the sizes of tokens", async () => {
  const signed = await sign(
    {
      iss: "https://auth.example.com",
      aud: "https://api.example.com",
      sub: "248289761001",
      client_id: "shop",
      scope: "orders:read orders:write",
      jti: "c6a8b7de-1f0d-4f6a-9d57-3c8f3b0d2a11",
      iat: 1_800_000_000,
      exp: 1_800_000_300,
    },
    { kid: "2026-11", typ: "at+jwt" },
  );
  const sizeOf = async (alg: string, crv?: string) => {
    const isShared = alg === "dir" || alg === "A256KW";
    const sender = isShared
      ? new Uint8Array(32)
      : (await generateKeyPair(alg, crv === undefined ? {} : { crv })).publicKey;
    return (
      await new CompactEncrypt(new TextEncoder().encode(signed))
        .setProtectedHeader({ alg, enc: "A256GCM", kid: "2026-11", cty: "JWT" })
        .encrypt(sender)
    ).length;
  };
  const page = readFileSync(join(root, PAGE), "utf8");
  for (const [name, size] of [
    ["signed", signed.length],
    ["dir", await sizeOf("dir")],
    ["A256KW", await sizeOf("A256KW")],
    ["ECDH-ES+A256KW with X25519", await sizeOf("ECDH-ES+A256KW", "X25519")],
    ["ECDH-ES+A256KW with P-256", await sizeOf("ECDH-ES+A256KW", "P-256")],
    ["RSA-OAEP-256 with 2 048 bits", await sizeOf("RSA-OAEP-256")],
  ] as const) {
    const written = String(size).replace(/\B(?=(\d{3})+$)/, " ");
    assert.ok(page.includes(`| ${name} | ${written} |`), `${name}: ${written}`);
  }
});
