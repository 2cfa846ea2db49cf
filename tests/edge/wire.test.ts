// Headers as they come over a socket, which `fetch` and `Headers` would not send: doubled, folded,
// with odd white space. In workerd, and in Node as the recipe for Express takes headers.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { Response as MiniflareResponse } from "miniflare";
import { createVerifier, type Policy, VerifyError } from "tokenkeep/edge";
import { AUDIENCE, Clock, ISSUER, keyPair, sign } from "./suite/kit.ts";
import { type Running, startWorker } from "./workerd/start.ts";

let workerd: Running | undefined;
const node = createServer(async ({ headersDistinct, url = "" }, response) => {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value);
  const places: Readonly<Record<string, Policy>> = {
    "/header": { token: { header: "X-Token" } },
    "/cookie": { token: { cookie: "session" } },
  };
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwks: { keys: [(await keyPair()).jwk] },
    },
    clock: new Clock().read,
  });
  try {
    await verifier.authenticate(new Request("http://localhost", { headers }), places[url]);
    response.end("in");
  } catch (error) {
    response.writeHead(error instanceof VerifyError ? error.status : 599).end();
  }
});

before(async () => {
  const { jwk } = await keyPair();
  workerd = await startWorker("wire-worker.ts", {
    outboundService: () => MiniflareResponse.json({ keys: [jwk] }),
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  node.close();
  await workerd?.miniflare.dispose();
});

/** The status of the answer to these very lines. */
function statusOf(port: number, path: string, lines: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(
        [`GET ${path} HTTP/1.1`, "Host: x", "Connection: close", ...lines, "", ""].join("\r\n"),
        "latin1",
      ),
    );
    socket.once("error", reject);
    socket.once("data", (answer: Buffer) => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer.toString("latin1"))?.[1]));
    });
  });
}

test("edge_M181_takes_one_header_over_a_socket_and_no_doubled_or_folded_one", async () => {
  const token = await sign();
  const half = token.length / 2;
  for (const [place, port] of [
    ["workerd", Number(workerd?.url.port)],
    ["node", (node.address() as AddressInfo).port],
  ] as const) {
    const statuses = async (path: string, cases: readonly (readonly string[])[]) =>
      Promise.all(cases.map((lines) => statusOf(port, path, lines)));
    assert.deepEqual(
      await statuses("/header", [[`X-Token: ${token}`], [`x-token:   bearer ${token}`]]),
      [200, 200],
      place,
    );
    assert.deepEqual(await statuses("/", [[`Authorization: Bearer ${token}`]]), [200], place);
    for (const lines of [
      [`X-Token: ${token}`, `X-Token: ${token}`],
      [`X-Token: ${token}`, "X-Token:"],
      ["X-Token:", `X-Token: ${token}`],
      [`X-Token: ${token.slice(0, half)}`, ` ${token.slice(half)}`],
      [`X-Token: ${token}`, " , x"],
      [`X-Token: ${token}\u00a0`],
      ["X-Token:"],
    ])
      assert.deepEqual(await statuses("/header", [lines]), [400], `${place} ${lines[1]}`);
    for (const lines of [
      [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`],
      [`Authorization: Bearer ${token.slice(0, half)}`, `\t${token.slice(half)}`],
    ])
      assert.deepEqual(await statuses("/", [lines]), [400], `${place} ${lines[1]}`);
    // Another name, which a proxy might take for the same.
    assert.deepEqual(await statuses("/header", [[`X_Token: ${token}`]]), [401], place);
  }
});

test("edge_M182_takes_no_token_out_of_cookie_headers_that_disagree", async () => {
  const token = await sign();
  for (const port of [Number(workerd?.url.port), (node.address() as AddressInfo).port]) {
    const status = (...lines: string[]) => statusOf(port, "/cookie", lines);
    assert.equal(await status(`Cookie: a=1; session=${token}`), 200);
    assert.equal(await status(`Cookie: session=${token}`, `Cookie: session=${token}`), 400);
    assert.equal(await status(`Cookie: a=1; session=${token}`, "Cookie: session=x; b=2"), 400);
    assert.equal(await status(`Cookie: session=${token}\u00a0`), 400);
    assert.equal(await status(`Cookie: \u00a0session=${token}`), 401);
    assert.equal(await status("Cookie:"), 401);
  }
});
