// What the verifier gets: who is asked, what of the answers is remembered, and what a caller is
// given. The rules for tokens and answers are the wasm's (src/verify/introspection.rs).

import { loadSignedAnswers } from "../chunks.js";
import type { Core } from "../edge/core.js";
import type { Introspection, IntrospectionMeans, OpenIntrospector } from "../edge/introspector.js";
import type { Introspector } from "../edge/options/types.js";
import type { VerifyErrorCode } from "../edge/request/error.js";
import type { Known } from "../edge/result/outcome.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { given } from "../shared/given.js";
import { endpointOf } from "./endpoint.js";
import { readOptions } from "./options.js";
import type { Reading } from "./signed.js";
import type { IntrospectionEvent, IntrospectionOptions } from "./types.js";

/** What an answer said of a token. */
interface Finding {
  /** Calls are numbered as they begin: the later one knows better. */
  readonly number: number;
  /** By the verifier's clock, in milliseconds. Infinite once a later answer has said otherwise. */
  at: number;
  /** Null: the token is refused. */
  readonly known: Known | null;
  /** Of the refusal. */
  readonly code: VerifyErrorCode;
}

/** How many refused tokens are remembered: a flood of them takes no room from the good ones. */
const MOST_REFUSED = 1_000;

/**
 * Takes opaque tokens: their issuer is asked whether they are active (RFC 7662), at most once in
 * `cacheTtl` seconds for each.
 *
 * ```ts
 * createVerifier({
 *   issuers: [],
 *   introspection: introspection({
 *     issuer: "https://auth.example.com",
 *     audience: "https://api.example.com",
 *     client: { id: "api", auth: { method: "client_secret_basic", secret: env.SECRET } },
 *   }),
 * });
 * ```
 */
export function introspection(options: IntrospectionOptions): Introspector {
  const copy = given(() => ({ ...options })) as IntrospectionOptions;
  const open = (means: IntrospectionMeans) => opened(means, copy);
  return { kind: "introspection", open } as OpenIntrospector;
}

/** A call to the issuer. */
interface Call {
  readonly token: string;
  readonly wasm: Core;
  readonly context: ExecutionContextLike | null;
  /** Calls are numbered as they begin: the later one knows better. */
  readonly number: number;
  readonly began: number;
  /** Through what others may wait for it; null for nobody. */
  readonly scope: object | null;
  end?: Promise<Finding>;
}

function opened(means: IntrospectionMeans, given: IntrospectionOptions): Introspection {
  const { frozen, keepAlive, now, Outcome, promiseScope, RememberedTokens, settings, VerifyError } =
    means;
  const options = readOptions(means, given);
  const { issuer, cacheSize, cacheTtl, maxConcurrent, onEvent, signed, timeout } = options;
  const endpoint = endpointOf(means, options);
  let reading: Reading | undefined;
  const active = new RememberedTokens<Finding>(cacheSize);
  const refused = new RememberedTokens<Finding>(MOST_REFUSED);
  const underWay = new Set<Call>();
  let calls = 0;

  /** Where promises may be shared, one call is made for all who want to know at a time. */
  const found = (
    token: string,
    wasm: Core,
    context: ExecutionContextLike | null,
    isFresh: boolean,
  ): Promise<Finding> => {
    const began = now();
    const scope = isFresh ? null : promiseScope(context);
    for (const one of underWay) {
      // Of a request that is gone: two documents, keys and an answer take no longer.
      if (Math.abs(began - one.began) > 4 * timeout) underWay.delete(one);
      else if (scope && one.scope === scope && one.token === token)
        return one.end as Promise<Finding>;
    }
    const call: Call = { token, wasm, context, number: (calls += 1), began, scope };
    // A client that hangs up takes from the others neither the answer nor the news of a failure.
    keepAlive(context, (call.end = ask(call)));
    return call.end;
  };

  const ask = async (call: Call): Promise<Finding> => {
    const { token, wasm, context, number, began } = call;
    try {
      if (underWay.size >= maxConcurrent)
        throw new VerifyError("introspection.busy", { retryAfter: 1 });
      underWay.add(call);
      const body = await jsonOf(await endpoint.ask(token, wasm), context);
      const at = now();
      const judge = () => wasm.judgeAnswer(issuer.rules, body, began / 1_000, at / 1_000, cacheTtl);
      const verdict = judge();
      const code = wasm.code();
      if (verdict === "unfit") throw new VerifyError(code);
      const known = verdict === "good" ? knownBy(wasm) : null;
      const finding = { number, at, known, code };
      tell(known ? "active" : "refused", known ? null : code);
      learn(token, wasm, finding, judge);
      return finding;
    } catch (cause) {
      tell("failed", cause instanceof VerifyError ? cause.code : "runtime.failed");
      throw cause;
    } finally {
      underWay.delete(call);
    }
  };

  /** By the answer that was judged last. Nothing was signed. */
  const knownBy = (wasm: Core): Known => ({
    issuer,
    header: frozen({ alg: "" }),
    key: frozen({ kid: null, alg: "", thumbprint: "" }),
    claims: frozen(JSON.parse(wasm.claims())),
    // Undefined where nobody asks for a proof.
    boundTo: settings.dpop && wasm.boundTo(),
    hash: (make) => make(),
  });

  const jsonOf = async (answer: Uint8Array, context: ExecutionContextLike | null) => {
    if (signed === null) return answer;
    const { readingOf } = await loadSignedAnswers();
    reading ??= readingOf(means, signed, endpoint);
    return reading(answer, context);
  };

  /** Remembers what an answer said, unless a later one has said something. It ends earlier ones. */
  const learn = (token: string, wasm: Core, finding: Finding, judge: () => unknown) => {
    const { number, at, known } = finding;
    const others = [active, refused].flatMap((one) => one.recall(wasm, token, at / 1_000) ?? []);
    if (others.some((one) => one.number > number)) return;
    for (const one of others) one.at = Infinity;
    const memory = known === null ? refused : active;
    // What is judged last, of the token that was recalled last, is what can be remembered.
    memory.recall(wasm, token, at / 1_000);
    judge();
    const begun = memory.begin(wasm, issuer.rules, token);
    if (begun !== null) memory.remember(wasm, begun, finding);
  };

  /** Listening changes nothing, whether it fails now or later. */
  const tell = (outcome: IntrospectionEvent["outcome"], code: IntrospectionEvent["code"]) => {
    const event = { type: "introspection", issuer: issuer.settings.issuer, outcome, code } as const;
    (async () => onEvent?.(event))().catch(() => undefined);
  };

  return {
    issuer,
    async outcomeOf(token, wasm, context, isFresh) {
      const moment = now();
      const foundIn = (memory: typeof active) => {
        const one = memory.recall(wasm, token, moment / 1_000);
        // One of a time to come was found by a clock that was put back since.
        return one !== null && one.at <= moment ? one : null;
      };
      const remembered = isFresh ? null : (foundIn(active) ?? foundIn(refused));
      const { known, code, at } = remembered ?? (await found(token, wasm, context, isFresh));
      if (known === null) throw new VerifyError(code);
      const source = remembered ? "memory" : "network";
      const answer = { source, fetchedAt: at, freshUntil: Infinity } as const;
      return new Outcome(known, answer, now(), null, remembered !== null);
    },
  };
}
