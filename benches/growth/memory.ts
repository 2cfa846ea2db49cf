// Shows one verifier very many different tokens and prints how many bytes of each it still holds.
// Run by groups/growth.ts, in a process of its own, with the words `good` or `hostile` and how
// many.

import { createHmac } from "node:crypto";
import { createVerifier } from "tokenkeep/edge";
import { AUDIENCE, ISSUER, SUBJECT, signerOf } from "../verify/field.ts";

const [, , kind, count] = process.argv;
const total = Number(count);
const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start Node with --expose-gc");

/** Bytes that are still held after the garbage is gone; wasm memory is among the array buffers. */
async function held(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  await collect?.();
  await collect?.();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + Math.max(arrayBuffers, external);
}

/** HS256, for nothing is signed quicker; what is remembered of a token is the same. */
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

/** A kid that no set has, and an issuer that nobody knows, in turn. */
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
// In the first tenth caches fill up.
const first = total / 10;
for (let place = 0; place < first; place += 1) await show(place);
const before = await held();
for (let place = first; place < total; place += 1) await show(place);
console.log(Math.max(0, (await held()) - before) / (total - first));
