// Runs in Node, Bun and Deno as a program of its own:
// `<runtime> program.mjs <node-redis|ioredis> <port> <session> <stores> <errors>`. It asks whether
// the session is revoked until it is. It says "waiting" once it has had answers from memory, and at
// the end when it asked the last question whose answer was no. It ends its client and nothing else,
// and must then end by itself.

const [library = "", port = "", sid = "", stores = "", errors = ""] = process.argv.slice(2);
/** @type {typeof import("tokenkeep/redis")} */
const { redisRevocation } = await import(stores);
/** @type {typeof import("tokenkeep/edge")} */
const { VerifyError } = await import(errors);

async function connect() {
  if (library === "ioredis") {
    const { Redis } = await import("ioredis");
    const client = new Redis(Number(port), "127.0.0.1");
    return { client, end: () => client.disconnect() };
  }
  const { createClient } = await import("redis");
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => undefined);
  await client.connect();
  return { client, end: () => client.destroy() };
}

const { client, end } = await connect();
try {
  redisRevocation(client, { cacheTtl: -1 });
} catch (error) {
  if (!(error instanceof VerifyError) || error.code !== "config_invalid") throw error;
}
let reads = 0;
const name = library === "ioredis" ? "getrange" : "getRange";
const watched = /** @type {Record<string, (...given: unknown[]) => unknown>} */ (
  /** @type {unknown} */ (client)
);
const read = watched[name]?.bind(client);
watched[name] = (...given) => {
  reads += 1;
  return read?.(...given);
};
const revocation = redisRevocation(client);
const subject = { issuer: "https://issuer.example", jti: null, sid, sub: null, iat: null };
let lastAsked = 0;
for (let fromMemory = 0; ; ) {
  const before = reads;
  const asked = Date.now();
  if (await revocation.isRevoked(subject)) break;
  lastAsked = asked;
  if (reads === before) fromMemory += 1;
  if (reads === before && fromMemory === 20) console.log("waiting");
  await new Promise((resolve) => setTimeout(resolve, 10));
}
console.log(`revoked after ${lastAsked}`);
end();
