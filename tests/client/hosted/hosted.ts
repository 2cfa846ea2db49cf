// What the tests of the worker host share: keeps in workers, the messages between page and worker,
// and a search for tokens.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import type { Reply, Scene } from "../harness.ts";
import { json } from "../harness.ts";

export type Kind = "dedicated" | "shared";

/** Has the keeps of a page live in a worker. */
export async function liveIn(kind: Kind | "page", page: Page): Promise<void> {
  await page.evaluate((kind) => void (stage.host = kind), kind);
}

/** Grants JWTs whose signatures are random, so that a part of one is found anywhere. */
export function grantJwts(scene: Scene): (members?: object) => Reply {
  const grant = (members: object = {}) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { sub: "ann", jti: String(scene.granted.length) };
    const token = `${part({ alg: "ES256" })}.${part(claims)}.${randomBytes(64).toString("base64url")}`;
    scene.granted.push(token);
    scene.valid.add(token);
    return json({ access_token: token, expires_in: 900, token_type: "Bearer", ...members });
  };
  scene.authority.on("/session/refresh", () => grant());
  scene.authority.on("/session/sign-in", () => grant({ user: { name: "Ann" } }));
  return grant;
}

/** The parts of the tokens that nobody may see: their signatures, twelve characters at a time. */
function secretsOf(tokens: readonly string[]): Set<string> {
  const secrets = new Set<string>();
  for (const token of tokens) {
    const secret = token.slice(token.lastIndexOf(".") + 1);
    for (let at = 0; at + 12 <= secret.length; at++) secrets.add(secret.slice(at, at + 12));
  }
  return secrets;
}

/** The first of the texts in which a part of a token stands. */
export function leakIn(texts: readonly string[], tokens: readonly string[]): string | undefined {
  assert.ok(tokens.length > 0, "there are tokens to look for");
  const secrets = secretsOf(tokens);
  return texts.find((text) => {
    for (let at = 0; at + 12 <= text.length; at++)
      if (secrets.has(text.slice(at, at + 12))) return true;
    return false;
  });
}

/** Runs in the page before any other script: copies every message that passes, either way. */
export const tap = `(() => {
  const passed = (globalThis.passed = []);
  const note = (value) => {
    if (typeof value === "string") passed.push(value);
    else if (value instanceof ArrayBuffer)
      passed.push(Array.from(new Uint8Array(value), (byte) => String.fromCharCode(byte)).join(""));
    else if (ArrayBuffer.isView(value)) note(value.slice().buffer);
    else if (value instanceof Blob) value.text().then(note);
    else if (value instanceof CryptoKey) passed.push("a key");
    else if (typeof value === "object" && value !== null && !(value instanceof MessagePort))
      for (const member of Object.values(value)) note(member);
    else passed.push(String(value));
  };
  globalThis.messages = 0;
  for (const { prototype } of [MessagePort, Worker]) {
    const { postMessage } = prototype;
    prototype.postMessage = function (message, transfer) {
      globalThis.messages += 1;
      note(message);
      return postMessage.call(this, message, transfer);
    };
  }
  const heard = (listener) =>
    function (event) {
      globalThis.messages += 1;
      note(event.data);
      return listener.call(this, event);
    };
  const { set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
  Object.defineProperty(MessagePort.prototype, "onmessage", {
    configurable: true,
    get: () => null,
    set(listener) {
      set.call(this, listener && heard(listener));
    },
  });
  for (const target of [MessagePort.prototype, Worker.prototype]) {
    const add = target.addEventListener;
    target.addEventListener = function (type, listener, options) {
      return add.call(this, type, type === "message" ? heard(listener) : listener, options);
    };
  }
})()`;

/** What the tap has copied so far. */
export function passed(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { passed: string[] }).passed);
}

/** Loads the page again, so that the context's newest init scripts run before anything else. */
export async function reload(page: Page): Promise<void> {
  await page.reload();
  await page.waitForFunction(() => "stage" in globalThis);
}
