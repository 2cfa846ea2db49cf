// The rows about DPoP: our authority passes them, and a backend with one fault each fails its own.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { SignJWT } from "jose";
import { VerifyError, verifyProof } from "tokenkeep/edge";
import { checkContract } from "../../kit/contract.ts";
import { startStack } from "../../www/stack.mjs";
import { PAGE } from "./backend.ts";
import { idsWith, optionsFor } from "./checks.ts";

type Fault =
  | "bound to nothing"
  | "Bearer"
  | "pinned to a key"
  | "no CORS"
  | "nonce not exposed"
  | "401 for a bad proof"
  | "sign-out by a bad proof"
  | "downgrade";

const nonce = { secret: new Uint8Array(32).fill(7) };

/** A backend with one session for each sign-in, and nonces. */
async function backendWith(fault: Fault | null) {
  let pinned: string | null = null;
  let isOver = false;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const allowed = fault === "no CORS" ? "X-Requested-With" : "X-Requested-With, DPoP";
    const exposed = fault === "nonce not exposed" ? "Date" : "Date, DPoP-Nonce";
    response.setHeader("Access-Control-Allow-Origin", PAGE);
    response.setHeader("Access-Control-Allow-Headers", allowed);
    response.setHeader("Access-Control-Expose-Headers", exposed);
    const send = (status: number, body: object) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    if (request.url?.endsWith("/sign-in")) {
      [isOver, pinned] = [false, null];
      response.setHeader("Set-Cookie", "refresh=r1; Path=/session; HttpOnly");
      return send(200, {});
    }
    if (isOver) return send(401, { error: "invalid_grant" });
    const proof = request.headers["dpop"];
    if (proof === undefined)
      return fault === "downgrade" ? send(200, { access_token: "t" }) : send(400, {});
    try {
      const url = `http://${request.headers.host}${request.url}`;
      const { thumbprint } = await verifyProof(
        String(proof),
        { method: "POST", url },
        { nonce, replay: "off" },
      );
      pinned ??= thumbprint;
      if (fault === "pinned to a key" && pinned !== thumbprint) return send(400, {});
      const claims =
        fault === "bound to nothing" ? { cnf: { jkt: "x" } } : { cnf: { jkt: thumbprint } };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256" })
        .sign(new Uint8Array(32));
      return send(200, { access_token: token, token_type: fault === "Bearer" ? fault : "DPoP" });
    } catch (error) {
      assert.ok(error instanceof VerifyError);
      if (error.dpopNonce !== undefined) {
        response.setHeader("DPoP-Nonce", error.dpopNonce);
        return send(400, { error: "use_dpop_nonce" });
      }
      isOver = fault === "sign-out by a bad proof";
      return send(fault === "401 for a bad proof" ? 401 : 400, { error: "invalid_dpop_proof" });
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => void (server.close(), server.closeAllConnections()));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const clock = { now: () => 0, pause: async () => undefined };

/** The rows about DPoP that a backend fails. */
async function failedBy(fault: Fault | null): Promise<readonly string[]> {
  const base = await backendWith(fault);
  const options = optionsFor({ base, clock, secrets: [], close: () => undefined });
  const found = await checkContract({ ...options, burst: 0, dpop: "required" });
  return idsWith(found, "fail", "not checked").filter((id) => id.startsWith("dpop."));
}

for (const [fault, rows] of [
  [null, []],
  ["bound to nothing", ["dpop.bound", "dpop.two-keys"]],
  ["Bearer", ["dpop.bound", "dpop.two-keys"]],
  ["pinned to a key", ["dpop.two-keys"]],
  ["no CORS", ["dpop.cors"]],
  ["nonce not exposed", ["dpop.nonce"]],
  ["401 for a bad proof", ["dpop.bad-proof"]],
  ["sign-out by a bad proof", ["dpop.bad-proof"]],
  ["downgrade", ["dpop.no-downgrade"]],
] as const)
  test(`a backend with ${fault ?? "no fault"}`, async () => {
    assert.deepEqual(await failedBy(fault), rows);
  });

test("our authority binds tokens, and without --dpop nobody asks", async () => {
  const stack = await startStack({
    ports: { app: 0, authority: 0, api: 0 },
    bindings: { authority: { RATE_LIMITS: "off", GRACE_SECONDS: "0" } },
  });
  try {
    const base = new URL(`${stack.authority}/`);
    const options = optionsFor(
      { base, clock, secrets: [], close: () => undefined },
      {},
      JSON.stringify({ username: "alice", password: "correct horse battery" }),
    );
    const target = { ...options.target, origin: stack.app };
    const found = await checkContract({ ...options, target, burst: 0, dpop: "accepted" });
    const rows = found.filter(({ id }) => id.startsWith("dpop."));
    assert.deepEqual(
      rows.map(({ id, result }) => [id, result]),
      [
        ["dpop.cors", "pass"],
        ["dpop.bound", "pass"],
        ["dpop.two-keys", "pass"],
        ["dpop.nonce", "pass"],
        ["dpop.bad-proof", "pass"],
        ["dpop.no-downgrade", "not checked"],
      ],
    );
  } finally {
    await stack.close();
  }
});
