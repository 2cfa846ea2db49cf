// Nothing secret is where somebody may read it: in errors, events, what is inspected or made JSON
// of, and in the store.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { generateKeyPair } from "jose";
import type { ClientAuthentication } from "../../js/oauth/types.ts";
import { granting, inbound, type Play, play, SECRET, STOCK, settled, until } from "./kit.ts";

const OWN = "own-token-4e1f0a";
const USERS = "users-token-77ab1c";
const INBOUND = "inbound-token-9d02e8";
const STORE_KEY = "key-of-the-store-0123456789abcdef";

/** What a careless server writes: all that it was sent, and more. */
const echo = (form: URLSearchParams, status: number) =>
  Response.json(
    { error: "invalid_request", error_description: String(form), access_token: OWN },
    { status },
  );

const answers: [string, NonNullable<Play["grant"]>][] = [
  ["good", ({ form }, count) => granting(count, tokenFor(form))],
  ["400", ({ form }) => echo(form, 400)],
  ["401", ({ form }) => echo(form, 401)],
  ["500", ({ form }) => echo(form, 500)],
  ["302", ({ form }) => Response.redirect(`https://auth.example.com/?${form}`, 302)],
  ["HTML", ({ form }) => new Response(`<p>${form}`, { headers: { "Content-Type": "text/html" } })],
  ["widened", ({ form }, count) => granting(count, { ...tokenFor(form), scope: `a ${OWN}` })],
  ["an error code that is a token", () => Response.json({ error: `a"${OWN}` }, { status: 400 })],
  [
    "a fetch that throws all it was given",
    ({ form, headers }) => {
      throw new Error(`${form} ${headers.get("Authorization")}`, { cause: String(form) });
    },
  ],
];

const tokenFor = (form: URLSearchParams) => ({
  access_token: form.has("subject_token") ? USERS : OWN,
  issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
});

for (const [name, grant] of answers)
  for (const method of ["client_secret_basic", "client_secret_post", "private_key_jwt"] as const)
    test(`service_U30_nothing_secret_is_told, ${name}, ${method}`, async () => {
      const { privateKey } = await generateKeyPair("ES256");
      const auth = (
        method === "private_key_jwt"
          ? { method, key: privateKey as CryptoKey }
          : { method, secret: SECRET }
      ) as ClientAuthentication;
      const assertions: string[] = [];
      const values = new Map<string, string>();
      const told: unknown[] = [];
      const scene = play({
        grant(asked, count) {
          const assertion = asked.form.get("client_assertion");
          if (assertion !== null) assertions.push(assertion);
          return grant(asked, count);
        },
        answer: () => new Response(null, { status: 401 }),
        options: {
          client: { id: "orders", auth },
          onEvent: (event) => void told.push(event),
          shared: {
            keys: [STORE_KEY],
            store: {
              get: async (key) => values.get(key) ?? null,
              put: async (key, value) => void values.set(key, value),
              delete: async () => undefined,
            },
          },
        },
      });
      const { request, auth: verified } = inbound("ada", scene.now() / 1000 + 600, INBOUND);
      const asUser = scene.tokens.onBehalfOf(request, verified);
      for (const calls of [scene.tokens, asUser])
        for (let times = 0; times < 2; times += 1) {
          await calls.fetch(STOCK).catch((error: unknown) => told.push(error));
          scene.pass(20_000);
        }
      if (name === "good") await until(() => values.size === 1);
      await settled();
      assert.ok(told.length > 0);
      told.push(scene.tokens, asUser, scene.tokens.within({ waitUntil: () => undefined }));
      const texts = [
        ...told.flatMap((one) => [
          inspect(one, { depth: 20, showHidden: true, getters: true }),
          JSON.stringify(one),
          ...(one instanceof Error ? [String(one), one.stack, inspect(one.cause)] : []),
        ]),
        inspect(values, { maxStringLength: null }),
        ...[...values.values()].map((value) => Buffer.from(value, "base64").toString("latin1")),
      ].join("\n");
      // The signature of an assertion, and so on: the parts of what is secret count too.
      const secrets = [OWN, USERS, INBOUND, SECRET, STORE_KEY, btoa(`orders:${SECRET}`)];
      for (const secret of [...secrets, ...assertions.flatMap((one) => [one, one.slice(-40)])])
        assert.ok(!texts.includes(secret), `${secret.slice(0, 12)} is in\n${texts}`);
    });
