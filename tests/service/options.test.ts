// Options that could never be right are refused at once, by name; what is right does nothing yet.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ServiceTokenError } from "../../js/service/error.ts";
import { createServiceTokens } from "../../js/service/tokens.ts";
import { ISSUER, PRICES, SECRET, STOCK, TARGETS } from "./kit.ts";

const client = { id: "orders", auth: { method: "client_secret_basic", secret: SECRET } };
const good = { issuer: ISSUER, client, targets: TARGETS };
const store = { get: async () => null, put: async () => undefined, delete: async () => undefined };
const key = "k".repeat(32);

describe("service_U35_odd_options_are_refused_by_name", () => {
  const at = (target: unknown, origin = STOCK) => ({ targets: { [origin]: target } });
  const cases: [string, object][] = [
    ["isuer", { isuer: ISSUER }],
    ["issuer", { issuer: "http://auth.example.com" }],
    ["issuer", { issuer: "auth.example.com" }],
    ["issuer", { issuer: undefined }],
    ["issuer", { issuer: "https://a:b@auth.example.com" }],
    ["tokenEndpoint", { tokenEndpoint: "/token" }],
    ["tokenEndpoint", { tokenEndpoint: "http://auth.example.com/token" }],
    ["tokenEndpoint", { tokenEndpoint: "http://evil.example/a.localhost/token" }],
    ["tokenEndpoint", { tokenEndpoint: "http://evil.example/?.localhost/" }],
    ["tokenEndpoint", { tokenEndpoint: "http://user:word@a.localhost/token" }],
    ["client", { client: undefined }],
    ["client.secret", { client: { ...client, secret: SECRET } }],
    ["client.auth.method", { client: { id: "a", auth: { method: "none" } } }],
    ["targets", { targets: {} }],
    ["targets", { targets: [STOCK] }],
    ["targets", { targets: undefined }],
    [`targets.${STOCK}/`, at({}, `${STOCK}/`)],
    [`targets.${STOCK}/items`, at({}, `${STOCK}/items`)],
    ["targets.https://Stock.example.com", at({}, "https://Stock.example.com")],
    ["targets.stock.example.com", at({}, "stock.example.com")],
    ["targets.ftp://stock.example.com", at({}, "ftp://stock.example.com")],
    [`targets.${STOCK}`, at(null)],
    [`targets.${STOCK}`, at({ audience: "a", resource: "https://b.example" })],
    [`targets.${STOCK}.scope`, at({ scope: "a" })],
    [`targets.${STOCK}.audience`, at({ audience: "" })],
    [`targets.${STOCK}.scopes`, at({ scopes: "a" })],
    [`targets.${STOCK}.scopes`, at({ scopes: ["a b"] })],
    [`targets.${STOCK}.user`, at({ user: "forward" })],
    [`targets.${STOCK}.actor`, at({ actor: "yes" })],
    [`targets.${STOCK}.actor`, at({ actor: true, user: "refuse" })],
    [`targets.${STOCK}.parameters.scope`, at({ parameters: { scope: "all" } })],
    [`targets.${STOCK}.parameters.client_id`, at({ parameters: { client_id: "other" } })],
    [`targets.${STOCK}.parameters.a`, at({ parameters: { a: 1 } })],
    ["size", { size: 0 }],
    ["timeout", { timeout: Number.NaN }],
    ["leeway", { leeway: -1 }],
    ["jitter", { jitter: "10" }],
    ["fetch", { fetch: {} }],
    ["transport", { transport: "fetch" }],
    ["clock", { clock: 0 }],
    ["onEvent", { onEvent: [] }],
    ["shared.store", { shared: { store: {}, keys: [key] } }],
    ["shared.keys", { shared: { store, keys: [] } }],
    ["shared.keys", { shared: { store, keys: [key.slice(1)] } }],
    ["shared.keys", { shared: { store, keys: key } }],
  ];
  for (const [option, more] of cases)
    test(`${option}: ${JSON.stringify(more)}`, () => {
      assert.throws(
        () => createServiceTokens({ ...good, ...more } as never),
        (error) =>
          error instanceof ServiceTokenError &&
          error.code === "config_invalid" &&
          error.message.startsWith(`\`${option}\` `) &&
          !error.message.includes(SECRET),
      );
    });

  test("and what an object inherits is no option", () => {
    const inherits = Object.assign(Object.create({ tokenEndpoint: 1, size: "x" }), good);
    createServiceTokens(inherits);
  });

  test("but these are fine", () => {
    for (const more of [
      { issuer: "http://localhost:8080/realm", tokenEndpoint: new URL("http://127.0.0.1:1/t") },
      { issuer: "http://auth.localhost:8080/realm" },
      { targets: { [STOCK]: {}, [PRICES]: { resource: ["https://a.example"] } } },
      { targets: { "http://stock.internal:8080": { user: "refuse" } } },
      { shared: { store, keys: [key, new Uint8Array(32)] }, leeway: 0, jitter: 0 },
    ])
      createServiceTokens({ ...good, ...more } as never);
  });
});

test("service_U33_making_service_tokens_does_nothing", () => {
  const never = () => assert.fail("it did something");
  createServiceTokens({
    ...good,
    fetch: never,
    transport: never,
    clock: never,
    onEvent: never,
    shared: { store: { get: never, put: never, delete: never }, keys: [key] },
  } as never);
});
