// What the verifier gets: who is asked, what of the answers is remembered, and what a caller is
// given. The rules for tokens and answers are the wasm's (src/verify/introspection.rs).

import type { Core } from "../edge/core.js";
import type { Introspection, IntrospectionMeans, OpenIntrospector } from "../edge/introspector.js";
import type { Introspector } from "../edge/options/types.js";
import { VerifyError, type VerifyErrorCode } from "../edge/request/error.js";
import type { Known } from "../edge/result/outcome.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { endpointOf } from "./endpoint.js";
import { readOptions } from "./options.js";
import { readingOf } from "./signed.js";
import type { IntrospectionEvent, IntrospectionOptions } from "./types.js";

/** What an answer said of a token. */
interface Finding {
  /** Calls are numbered as they begin: the later one knows better. */
  readonly number: number;
  /** By the verifier's clock, in milliseconds. */
  readonly at: number;
  /** Null: the token is refused. */
  readonly known: Known | null;
  readonly code: VerifyErrorCode;
  /** A later answer has said otherwise. */
  isOver: boolean;
}

/** How many refused tokens are remembered: a flood of them takes no room from the good ones. */
const MOST_REFUSED = 1_000;

/** Bytes of an answer that is remembered: a user may have written much of a longer one. */
const LONGEST_REMEMBERED = 16_384;

const MALFORMED = "introspection.malformed";

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
  const given = { ...options };
  const open = (means: IntrospectionMeans) => opened(means, given);
  return { kind: "introspection", open } as OpenIntrospector;
}

function opened(means: IntrospectionMeans, given: IntrospectionOptions): Introspection {
  const { frozen, keepAlive, now, Outcome, promiseScope, RememberedTokens, settings } = means;
  const options = readOptions(means, given);
  const { issuer, cacheTtl, onEvent } = options;
  const endpoint = endpointOf(means, options);
  const read = readingOf(means, options, endpoint);
  const active = new RememberedTokens<Finding>(options.cacheSize);
  const refused = new RememberedTokens<Finding>(MOST_REFUSED);
  /** The calls that others may wait for, by who may share a promise, and by token. */
  const underWay = new WeakMap<object, Map<string, Promise<Finding>>>();
  const header = frozen({ alg: "" });
  const key = frozen({ kid: null, alg: "", thumbprint: "" });
  const hash: Known["hash"] = (make) => make();
  let calls = 0;

  const recall = (token: string, wasm: Core, moment: number) =>
    [active, refused].map((memory) => memory.recall(wasm, token, moment / 1_000));

  /** Where promises may be shared, one call is made for all who want to know at a time. */
  const found = (
    token: string,
    wasm: Core,
    context: ExecutionContextLike | null,
    isFresh: boolean,
  ): Promise<Finding> => {
    const begun = () => {
      const call = ask(token, wasm, context);
      // A client that hangs up takes from the others neither the answer nor the news of a failure.
      keepAlive(context, call);
      return call;
    };
    const scope = promiseScope(context);
    if (isFresh || scope === null) return begun();
    const shared = underWay.get(scope) ?? new Map<string, Promise<Finding>>();
    underWay.set(scope, shared);
    const call = shared.get(token) ?? begun().finally(() => shared.delete(token));
    shared.set(token, call);
    return call;
  };

  const ask = async (
    token: string,
    wasm: Core,
    context: ExecutionContextLike | null,
  ): Promise<Finding> => {
    const number = (calls += 1);
    const began = now();
    try {
      const body = await read(await endpoint.ask(token), context);
      const at = now();
      // The answer is as old as the call, unless the clock was put back.
      const lifetime = Math.min(cacheTtl, cacheTtl - (at - began) / 1_000);
      const judge = () => wasm.judgeAnswer(issuer.rules, body, at / 1_000, lifetime);
      const verdict = judge();
      const isGood = verdict === "good";
      // Where there is no refusal, the wasm has the code of another one.
      const code = isGood ? "" : verdict === "foreign" ? "claim.iss" : wasm.code();
      if (verdict === "unfit" || code === MALFORMED) throw new VerifyError(MALFORMED);
      const claims = isGood && frozen(JSON.parse(new TextDecoder().decode(body)));
      // Undefined where nobody asks for a proof.
      const boundTo = settings.dpop && wasm.boundTo();
      const known = isGood ? { issuer, header, key, claims, boundTo, hash } : null;
      const finding = { number, at, known, code, isOver: false };
      tell(isGood ? "active" : "refused", isGood ? null : code);
      learn(token, wasm, finding);
      // A token may become valid the next moment.
      if (code !== "token.not_yet_valid" && body.length <= LONGEST_REMEMBERED)
        remember(token, wasm, finding, judge);
      return finding;
    } catch (cause) {
      tell("failed", cause instanceof VerifyError ? cause.code : "runtime.failed");
      throw cause;
    }
  };

  /** A later answer ends what an earlier one has said. */
  const learn = (token: string, wasm: Core, finding: Finding) => {
    for (const one of recall(token, wasm, finding.at)) {
      if (one === null) continue;
      if (one.number > finding.number) finding.isOver = true;
      else one.isOver = true;
    }
  };

  const remember = (token: string, wasm: Core, finding: Finding, judge: () => unknown) => {
    if (finding.isOver) return;
    const memory = finding.known === null ? refused : active;
    // What is judged last, of the token that was recalled last, is what can be remembered.
    memory.recall(wasm, token, finding.at / 1_000);
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
      const recalled = isFresh ? [] : recall(token, wasm, moment);
      // One of a time to come was found by a clock that was put back since.
      const remembered = recalled.find((one) => one?.isOver === false && one.at <= moment);
      const { known, code, at } = remembered ?? (await found(token, wasm, context, isFresh));
      if (known === null) throw new VerifyError(code);
      const source = remembered ? "memory" : "network";
      const answer = { source, fetchedAt: at, freshUntil: Infinity } as const;
      return new Outcome(known, answer, now(), null, remembered !== undefined);
    },
  };
}
