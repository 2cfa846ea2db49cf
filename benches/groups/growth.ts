// The cost of more keys, more issuers, more remembered tokens and more tokens altogether. Measured
// in Node, because none of it depends on the runtime.

import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWK,
  jwtVerify,
} from "jose";
import { createVerifier, type IssuerOptions, type Verifier } from "tokenkeep/edge";
import { type Contest, type Effort, hold, type Rounds } from "../contest.ts";
import { FIRST, MANY_ISSUERS, MANY_KEYS, MANY_RESULTS, MEMORY } from "../names.ts";
import { AUDIENCE, ISSUER, type Signer, SUBJECT, signerOf } from "../verify/field.ts";

const clock = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Keys of a set that sign nothing. */
function idleKeys(count: number): JWK[] {
  return Array.from({ length: count }, (_, place) => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      ...(publicKey.export({ format: "jwk" }) as JWK),
      kid: `idle-${place}`,
      alg: "ES256",
      use: "sig",
    };
  });
}

const tokensOf = (signer: Signer, count: number) =>
  Promise.all(Array.from({ length: count }, (_, place) => signer.token(place)));

const issuerOf = (jwks: JSONWebKeySet, issuer = ISSUER): IssuerOptions => ({
  issuer,
  audience: AUDIENCE,
  algorithms: ["ES256"],
  jwks: { keys: jwks.keys },
});

/** Each verifier over its own tokens, in slices. */
function over(
  verifiers: Readonly<Record<string, { verifier: Verifier; tokens: readonly string[] }>>,
  each: number,
): Pick<Contest, "names" | "each" | "clock" | "turn"> {
  return {
    names: Object.keys(verifiers),
    each,
    clock,
    turn: async (who, round) => {
      const { verifier, tokens } = verifiers[who]!;
      for (let place = 0; place < each; place += 1) {
        const { claims } = await verifier.verify(
          tokens[(round * each + place) % tokens.length] ?? "",
        );
        if (claims.sub !== SUBJECT) throw new Error("somebody else's token");
      }
    },
  };
}

async function manyKeys(effort: Effort): Promise<Rounds> {
  const signer = await signerOf("ES256");
  const tokens = await tokensOf(signer, 1_600);
  const large = { keys: [...idleKeys(999), ...signer.jwks.keys] };
  const verifierOf = (jwks: JSONWebKeySet) =>
    createVerifier({ issuers: issuerOf(jwks), resultCacheSize: 0 });
  return hold(
    over(
      {
        "1 key": { verifier: verifierOf(signer.jwks), tokens },
        "1 000 keys": { verifier: verifierOf(large), tokens },
      },
      Math.round(600 * effort.share),
    ),
    effort,
  );
}

async function manyIssuers(effort: Effort): Promise<Rounds> {
  const signer = await signerOf("ES256");
  const tokens = await tokensOf(signer, 1_600);
  const many = Array.from({ length: 9_999 }, (_, place) =>
    issuerOf(signer.jwks, `${ISSUER}/${place}`),
  );
  const verifierOf = (issuers: readonly IssuerOptions[]) =>
    createVerifier({ issuers, resultCacheSize: 0 });
  const one = issuerOf(signer.jwks);
  return hold(
    over(
      {
        "1 issuer": { verifier: verifierOf([one]), tokens },
        "10 000 issuers": { verifier: verifierOf([...many, one]), tokens },
      },
      Math.round(600 * effort.share),
    ),
    effort,
  );
}

async function manyResults(effort: Effort): Promise<Rounds> {
  const signer = await signerOf("ES256");
  const tokens = await tokensOf(signer, 10_000);
  const verifierOf = () =>
    createVerifier({ issuers: issuerOf(signer.jwks), resultCacheSize: 10_000 });
  const verifiers = {
    "10 results": { verifier: verifierOf(), tokens: tokens.slice(0, 10) },
    "10 000 results": { verifier: verifierOf(), tokens },
  };
  for (const { verifier, tokens } of Object.values(verifiers))
    for (const token of tokens) await verifier.verify(token);
  // Whole passes over the larger set. Otherwise the first tokens of a turn would be warmer.
  return hold(over(verifiers, 10_000), effort);
}

async function firstOfMany(effort: Effort): Promise<Rounds> {
  const signer = await signerOf("ES256");
  const token = await signer.token(0);
  const body = JSON.stringify({ keys: [...idleKeys(999), ...signer.jwks.keys] });
  const address = `${ISSUER}/jwks.json`;
  const answering = (text: string) => () =>
    Promise.resolve(new Response(text, { headers: { "Content-Type": "application/json" } }));
  const answer = answering(body);
  const verified = (fetch: typeof answer) => {
    const issuers = {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"] as const,
      jwksUri: address,
    };
    return createVerifier({ issuers, jwks: { fetch } }).verify(token);
  };
  const contestants: Record<string, () => Promise<unknown>> = {
    jose: () => {
      const keys = createRemoteJWKSet(new URL(address), { [customFetch]: answer });
      return jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] });
    },
    "jose, set parsed": async () => {
      const keys = createLocalJWKSet(JSON.parse(body) as JSONWebKeySet);
      return jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] });
    },
    "JSON.parse alone": () => Promise.resolve(JSON.parse(body)),
    tokenkeep: () => verified(answer),
    "tokenkeep, one key": () => verified(answering(JSON.stringify(signer.jwks))),
  };
  const each = Math.max(3, Math.round(20 * effort.share));
  const turn: Contest["turn"] = async (who) => {
    for (let time = 0; time < each; time += 1) await contestants[who]?.();
  };
  return hold({ names: Object.keys(contestants), each, clock, turn }, effort);
}

/**
 * Runs in processes of their own, whose heap holds nothing else. Each runs once, because memory
 * does not depend on how busy the machine is.
 */
async function memory({ share }: Effort): Promise<Rounds> {
  const program = fileURLToPath(new URL("../growth/memory.ts", import.meta.url));
  const heldBy = async (kind: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "--import",
      "tsx",
      program,
      kind,
      // A leak shows with fewer tokens than a difference in speed.
      String(200_000 * share * share),
    ]);
    return [Number(stdout)];
  };
  return { good: await heldBy("good"), hostile: await heldBy("hostile") };
}

export async function measureGrowth(effort: Effort): Promise<Record<string, Rounds>> {
  return {
    [MANY_KEYS]: await manyKeys(effort),
    [MANY_ISSUERS]: await manyIssuers(effort),
    [MANY_RESULTS]: await manyResults(effort),
    [FIRST]: await firstOfMany(effort),
    [MEMORY]: await memory(effort),
  };
}
