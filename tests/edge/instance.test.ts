// What becomes of a verifier whose wasm traps, and of a program that has verified something.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Core } from "../../js/edge/core.ts";
import type { Instance } from "../../js/edge/instance.ts";
import { VerifyError } from "../../js/edge/request/error.ts";
import { verifierOver } from "../../js/edge/verifier.ts";
import { AUDIENCE, claims, ISSUER, keyPair, NOW, sign } from "./suite/kit.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A module with one function, `f`, that traps. */
const TRAP = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0,
  0, 11,
]);

test("edge_P13_a_trap_costs_one_request_and_the_next_gets_a_fresh_instance", async () => {
  const module = await WebAssembly.compile(readFileSync(`${root}/build/edge/edge_bg.wasm`));
  const trap = (await WebAssembly.instantiate(TRAP)).instance.exports["f"] as () => never;
  let renewed = 0;
  class Trapping extends Core {
    override read(...given: Parameters<Core["read"]>): ReturnType<Core["read"]> {
      return renewed === 0 ? trap() : super.read(...given);
    }
  }
  const core = new Trapping(module);
  const instance: Instance = {
    current: () => core,
    load: async () => core,
    renew() {
      renewed += 1;
      core.renew(module);
    },
  };
  const { jwk } = await keyPair();
  const issuers = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwks: { keys: [jwk] },
  } as const;
  const verifier = verifierOver({ issuers, clock: () => NOW * 1000 }, instance);
  const handler = verifier.guard(() => new Response("in"));
  const ask = async () =>
    handler(
      new Request("https://api.example", {
        headers: { Authorization: `Bearer ${await sign(claims())}` },
      }),
      {},
      { waitUntil: () => undefined },
    );
  const trapped = await ask();
  assert.deepEqual([trapped.status, renewed, trapped.headers.has("Retry-After")], [503, 1, true]);
  assert.equal((await ask()).status, 200);
  assert.equal(renewed, 1);
});

test("edge_P12_a_load_that_fails_is_tried_again", async () => {
  const { instanceFrom } = await import("../../js/edge/instance.ts");
  let tries = 0;
  const instance = instanceFrom(async () => {
    tries += 1;
    if (tries === 1) throw new Error("no memory");
    return WebAssembly.compile(readFileSync(`${root}/build/edge/edge_bg.wasm`));
  });
  await assert.rejects(
    instance.load(),
    (error) =>
      error instanceof VerifyError &&
      error.code === "runtime.wasm_unavailable" &&
      error.status === 503,
  );
  assert.equal(instance.current(), null);
  const cores = await Promise.all(Array.from({ length: 50 }, () => instance.load()));
  assert.deepEqual([new Set(cores).size, tries], [1, 2]);
});

test("edge_K91_leaves_nothing_behind_that_keeps_a_program_alive", async () => {
  const { jwk } = await keyPair();
  const token = await sign(claims());
  const program = `
    import { createVerifier } from "tokenkeep/edge";
    const fetch = async () => Response.json({ keys: [${JSON.stringify(jwk)}] });
    const issuers = { issuer: ${JSON.stringify(ISSUER)}, audience: ${JSON.stringify(AUDIENCE)}, algorithms: ["ES256"], jwksUri: "https://issuer.example/k" };
    const verifier = createVerifier({ issuers, clock: () => ${NOW * 1000}, jwks: { fetch, timeout: 60_000 } });
    console.log((await verifier.verify(${JSON.stringify(token)})).claims.sub);`;
  const began = performance.now();
  assert.equal(
    execFileSync("node", ["--input-type=module", "-e", program], {
      cwd: root,
      encoding: "utf8",
    }).trim(),
    "alice",
  );
  assert.ok(performance.now() - began < 20_000);
});
