// Who makes DPoP proofs in a page: ES256, for one address, each with the hash of the same token.
// panva/dpop hashes the token each time, since it keeps nothing. A request of `keep.fetch`, with
// and without proofs, goes to a transport that answers in the page.

import { generateKeyPair, generateProof } from "dpop";
import { createTokenKeep, type TokenKeep } from "tokenkeep";
import type { Maker } from "./making.ts";

const TOKEN = "x".repeat(700);
const API = new URL("/api/orders/17", location.href).href;

async function keepOf(dpop: boolean): Promise<TokenKeep> {
  const transport: typeof fetch = async (input) => {
    const { url, headers } = input as Request;
    if (url.endsWith("/session/refresh"))
      return Response.json({
        access_token: TOKEN,
        expires_in: 3600,
        token_type: dpop ? "DPoP" : "Bearer",
      });
    if (!headers.has("Authorization") || headers.has("DPoP") !== dpop)
      throw new Error("It came without what it needs.");
    return Response.json({ ok: true });
  };
  const keep = createTokenKeep({ refresh: "/session/refresh", tabs: "off", transport, dpop });
  await keep.start();
  return keep;
}

const makers = {
  async turn(who: Maker, times: number): Promise<number> {
    const { pair, plain, bound } = await (made ??= prepare());
    const call = async (): Promise<(() => Promise<unknown>) | null> => {
      switch (who) {
        case "nothing":
          return async () => undefined;
        case "signature alone": {
          const bytes = new TextEncoder().encode("x".repeat(450));
          const how = { name: "ECDSA", hash: "SHA-256" };
          return () => crypto.subtle.sign(how, pair.privateKey, bytes);
        }
        case "panva/dpop":
          return () => generateProof(pair, API, "GET", undefined, TOKEN);
        case "keep.fetch":
          return () => plain.fetch(API);
        case "keep.fetch with proofs":
          return () => bound.fetch(API);
        case "tokenkeep":
          return null;
      }
    };
    const chosen = await call();
    const run = async (make: () => Promise<unknown>) => {
      const began = performance.now();
      for (let time = 0; time < times; time += 1) await make();
      return (performance.now() - began) * 1000;
    };
    return chosen ? run(chosen) : bound.withToken((_, prove) => run(() => prove("GET", API)));
  },
};

let made: ReturnType<typeof prepare> | undefined;
const prepare = async () => ({
  pair: await generateKeyPair("ES256"),
  plain: await keepOf(false),
  bound: await keepOf(true),
});

declare global {
  var makers: typeof import("./page.ts").makers;
}

globalThis.makers = makers;

export { makers };
