// A Redis of the cell, by the client of `redis`.

import { createClient } from "redis";
import { VerifyError } from "tokenkeep/edge";
import { redisRevocation } from "tokenkeep/redis";
import { codeOfA, expect } from "./outcomes.js";

/** Revokes a token, and has the verifier's own error for what is wrong. @param {string} at */
export async function exerciseRedis(at) {
  const { redis } = await (await fetch(`${at}/about`)).json();
  const client = createClient({ url: redis });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const issuer = `${at}/${Math.random()}`;
    const subject = { issuer, jti: "t1", sid: null, sub: null, iat: Date.now() / 1000 };
    const store = redisRevocation(client);
    expect(await store.isRevoked(subject), false, "before");
    await store.revokeToken(issuer, "t1", Date.now() / 1000 + 900);
    expect(await redisRevocation(client).isRevoked(subject), true, "revoked");
    const code = await codeOfA(VerifyError, async () => redisRevocation(client, { timeout: 0 }));
    expect(code, "config_invalid", "an odd option");
  } finally {
    client.destroy();
  }
}
