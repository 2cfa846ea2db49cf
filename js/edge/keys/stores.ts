// The second layer of the key-set cache: stores over Workers KV and the Cache API, and how they are
// asked. A store is a help and no more: one that fails, hangs or lies costs a fetch.

import { hexDigest } from "../../shared/digest.js";
import { invalidOption } from "../options/invalid.js";
import { methodsIn, readMembers } from "../options/read.js";
import type { JwksStore, KeyValue, StoredJwks } from "../options/store-types.js";

/** @internal A name that no two lists of texts share, fit for any store. */
export function digestOf(parts: readonly unknown[]): Promise<string> {
  return hexDigest(JSON.stringify(parts));
}

/**
 * Key sets in Workers KV. Only your own code may write to the namespace: what is in it is trusted
 * as much as the endpoint.
 */
export function kvJwksStore(kv: KeyValue, options: { prefix?: string } = {}): JwksStore {
  const { prefix = "tokenkeep:jwks:" } = readMembers("options", options, ["prefix"]);
  if (typeof prefix !== "string") throw invalidOption("prefix", "must be a text");
  methodsIn("kv", kv, "get", "put");
  return {
    async get(key) {
      const text = await kv.get(prefix + key);
      return text === null ? null : (JSON.parse(text) as StoredJwks);
    },
    put: (key, value, ttlSeconds) =>
      kv.put(prefix + key, JSON.stringify(value), {
        expirationTtl: Math.max(60, Math.ceil(ttlSeconds)),
      }),
  };
}

/** Key sets in the Cache API, which is shared within one data centre. */
export function cacheJwksStore(cache: Cache): JwksStore {
  methodsIn("cache", cache, "match", "put");
  // Never fetched: a name that the cache accepts.
  const address = (key: string) => `https://jwks.tokenkeep.invalid/${key}`;
  return {
    async get(key) {
      const found = await cache.match(address(key));
      return found === undefined ? null : ((await found.json()) as StoredJwks);
    },
    async put(key, value, ttlSeconds) {
      const headers = {
        "Content-Type": "application/json",
        "Cache-Control": `max-age=${Math.ceil(ttlSeconds)}`,
      };
      await cache.put(address(key), new Response(JSON.stringify(value), { headers }));
    },
  };
}
