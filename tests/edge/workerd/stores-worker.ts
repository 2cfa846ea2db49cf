// A guarded Worker whose key set comes through a shared store, KV or the Cache API; it answers with
// where its keys came from. A call of `/shelf` puts an entry into the store and says, when asked
// again, whether it is still there.

import {
  cacheJwksStore,
  createVerifier,
  type JwksStore,
  type KeyValue,
  kvJwksStore,
  type Verifier,
} from "tokenkeep/edge";
import { AUDIENCE, ISSUER } from "../suite/kit.ts";

interface Bindings {
  STORE: "kv" | "cache";
  SHARED: KeyValue;
}

let verifier: Verifier | undefined;

function storeOf({ STORE, SHARED }: Bindings): JwksStore {
  return STORE === "kv"
    ? kvJwksStore(SHARED)
    : cacheJwksStore((caches as CacheStorage & { default: Cache }).default);
}

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    const store = storeOf(bindings);
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/shelf") {
      if (request.method === "PUT")
        await store.put(
          "shelf",
          { body: "{}", fetchedAt: 5, etag: '"x"' },
          Number(searchParams.get("ttl")),
        );
      return Response.json(await store.get("shelf"));
    }
    verifier ??= createVerifier({
      issuers: {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: ["ES256"],
        jwksUri: `${ISSUER}/jwks.json`,
      },
      jwks: { store },
    });
    const answer = verifier.guard((_request, _bindings, _context, { keys }) => Response.json(keys));
    // Answers when the store has been written to: who asks next shall find it so.
    const kept: Promise<unknown>[] = [];
    const response = await answer(request, bindings, {
      waitUntil: (promise) => void kept.push(promise),
    });
    await Promise.all(kept);
    return response;
  },
};
