// An authenticator app, and enrolling it in a session.

import assert from "node:assert/strict";
import { Secret, TOTP } from "otpauth";
import type { Visitor } from "./harness.ts";

/**
 * A code counts once, and the authority takes those of one step before and after the present one.
 * A test that needs two codes of one app takes `code(0)` first and `code(1)` then.
 */
export class App {
  readonly #secret: Secret;

  constructor(base32: string) {
    this.#secret = Secret.fromBase32(base32);
  }

  code(steps: number): string {
    return TOTP.generate({ secret: this.#secret, timestamp: Date.now() + steps * 30_000 });
  }
}

/** An app with the secret that the authority offers to the visitor. No code confirms it yet. */
export async function offered(visitor: Visitor): Promise<App> {
  const response = await visitor.post("/session/totp/enrol", { body: {} });
  assert.equal(response.status, 200);
  const { secret, uri } = (await response.json()) as { secret: string; uri: string };
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.match(uri, new RegExp(`^otpauth://totp/.*secret=${secret}`));
  return new App(secret);
}

export async function enrol(visitor: Visitor): Promise<{ app: App; confirmed: number }> {
  const app = await offered(visitor);
  const { status } = await visitor.post("/session/totp/confirm", { body: { code: app.code(0) } });
  return { app, confirmed: status };
}
