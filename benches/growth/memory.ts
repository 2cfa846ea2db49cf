// Shows one verifier very many different tokens and prints how many bytes it still holds for each.
// groups/growth.ts runs it in a process of its own, with the word `good` or `hostile` and a number
// of tokens.

import { createHmac } from "node:crypto";
import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER, SUBJECT, signerOf } from "../verify/field.ts";

const [, , kind, count] = process.argv;
const total = Number(count);
const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start Node with --expose-gc");

/** Bytes that are held after a garbage collection. Wasm memory counts among the array buffers. */
async function held(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  await collect?.();
  await collect?.();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + Math.max(arrayBuffers, external);
}

/** HS256, because it signs fastest. A verifier remembers the same of every token. */
async function goodTokens(): Promise<(place: number) => Promise<void>> {
  const secret = new Uint8Array(32).fill(7);
  const verifier = createVerifier({
    issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["HS256"], secret },
  });
  const header = text({ alg: "HS256", typ: "JWT" });
  const exp = Math.floor(Date.now() / 1000) + 36_000;
  return async (place) => {
    const signed = `${header}.${text({ iss: ISSUER, aud: AUDIENCE, sub: SUBJECT, exp, scope: "read write", jti: `t${place}` })}`;
    const { claims } = await verifier.verify(
      `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`,
    );
    if (claims.sub !== SUBJECT) throw new Error("somebody else's token");
  };
}

/** A kid that no set has, and an unknown issuer, in turn. */
async function hostileTokens(): Promise<(place: number) => Promise<void>> {
  const { jwks, token } = await signerOf("ES256");
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwks: { keys: jwks.keys },
    },
  });
  const [header = "", payload = "", signature = ""] = (await token(0)).split(".");
  return async (place) => {
    const forged =
      place % 2 === 0
        ? `${text({ alg: "ES256", kid: `kid-${place}`, typ: "JWT" })}.${payload}.${signature}`
        : `${header}.${text({ iss: `${ISSUER}/${place}`, aud: AUDIENCE, sub: SUBJECT })}.${signature}`;
    const taken = await verifier.verify(forged).then(
      () => true,
      () => false,
    );
    if (taken) throw new Error("it takes a forged token");
  };
}

const show = await (kind === "good" ? goodTokens() : hostileTokens());
// The caches fill up during the first tenth.
const first = total / 10;
for (let place = 0; place < first; place += 1) await show(place);
const before = await held();
for (let place = first; place < total; place += 1) await show(place);
console.log(Math.max(0, (await held()) - before) / (total - first));
