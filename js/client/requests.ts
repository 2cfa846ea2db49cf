// The rule by which a request goes out: with the token attached, if its origin is listed. After a
// refusal there is one refresh and one retry. `keep.fetch` and `keep.attempt` share it, and differ
// in how they send. The retry sends a copy that was made before the first try.

import { discard, isMadeOfStream } from "../shared/body.js";
import { ownBase } from "./addresses.js";
import { remedyOf } from "./challenge.js";
import type { Deliver, Delivered, Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import type { Told } from "./home.js";
import type { Host } from "./host.js";
import { bareOf } from "./notes.js";
import { utf8 } from "./session.js";
import type { Prove } from "./types.js";

const CHALLENGE = "WWW-Authenticate";

/** A way to send requests. */
interface Way<T> {
  /** Whether the application sends. It then has the proof made that a bound token needs. */
  readonly lends?: boolean;
  /**
   * Sends; the token of this generation stands in the `Authorization` of `request`, if it may go
   * along.
   */
  send(host: Host, request: Request, generation: number): T | Promise<T>;
  /**
   * The challenge with which a token was refused, empty where there is none. `undefined`: no token
   * was refused. `null`: one was, by somebody who may not get another.
   */
  challengeOf(host: Host, outcome: T): string | null | undefined;
  /** Gives up an outcome that the caller does not get. */
  discard?(outcome: T): void;
}

/** How `keep.fetch` sends. */
export const fetching: Way<Response> = {
  send: (host, request) => host.transport(request),
  challengeOf(host, response) {
    if (host.lost || !host.refuses(response.status)) return undefined;
    if (response.redirected && !host.engine.allows(utf8(response.url))) return null;
    return response.headers.get(CHALLENGE) ?? "";
  },
  discard: (response) => discard(response.body),
};

/** How `keep.attempt` sends: by functions of the application. */
export function attempting<T>(
  send: (token: string | null, prove?: Prove) => T | Promise<T>,
  refused: (outcome: T) => boolean | string,
): Way<T> {
  return {
    lends: true,
    send(host, request, generation) {
      const [token, prove] = loanOf(host, request, generation);
      return host.prover ? send(token, prove) : send(token);
    },
    challengeOf(_, outcome) {
      const told = refused(outcome);
      return told === true ? "" : typeof told === "string" ? told : undefined;
    },
  };
}

/** The token of a generation, as it stands on a request, and what proves it in a session. */
export function loanOf(
  host: Host,
  request: Request,
  generation: number,
): readonly [token: string | null, prove: Prove] {
  const [type, token = null] = authorizationOf(request);
  const prove: Prove = async (method, url) => {
    const { engine, prover } = host;
    if (type !== "DPoP" || !engine.held()) throw new TokenKeepError("dpop_unavailable");
    const at = new URL(url, ownBase());
    return prover!.proofOf(request, at, token!, engine, generation, method);
  };
  return [token, prove];
}

/**
 * Sets the token on a request, and a proof beside it where it is bound to a key. Returns its
 * generation, 0 for none.
 */
async function attach({ engine }: Host, prover: Prover, request: Request): Promise<number> {
  const { headers, url } = request;
  for (;;) {
    const generation = engine.setToken(request, false);
    const [type, token] = authorizationOf(request);
    if (type !== "DPoP") return generation;
    headers.set("DPoP", await prover.proofOf(request, new URL(url), token, engine, generation));
    if (engine.held() === generation) return generation;
    // Meanwhile the token was renewed, or the session ended.
    headers.delete("Authorization");
    headers.delete("DPoP");
  }
}

/** The type of a request's token, and the token. */
const authorizationOf = ({ headers }: Request) => (headers.get("Authorization") ?? "").split(" ");

/** Whom a request tells of what concerns it alone. */
export type Asker = Pick<Told, "bare" | "emit">;

/** Sends the request of a caller. */
export async function exchange<T>(
  host: Host,
  request: Request,
  way: Way<T>,
  replayable: boolean,
  tell: Asker = host.tell,
): Promise<T> {
  const { url } = request;
  const why = bareOf(request, host.engine.allows(utf8(url)), host.prover !== null);
  if (why) {
    tell.bare(why, url);
    return way.send(host, request, 0);
  }
  const { engine, prover } = host;
  await host.ask("request");
  request.signal.throwIfAborted();
  // The copy is made before the header is set, so it carries no token.
  const spare = replayable ? request.clone() : null;
  const once: Deliver<Delivered<T>> = async (request, refused) => {
    // Without proofs nothing is awaited between the token and the sending.
    const generation =
      way.lends || !prover ? engine.setToken(request, false) : await attach(host, prover, request);
    request.signal.throwIfAborted();
    if (refused) {
      if (generation === 0) return refused;
      way.discard?.(refused.received);
    }
    const received = await way.send(host, request, generation);
    const refusal = generation ? way.challengeOf(host, received) : undefined;
    return { received, generation, refusal };
  };
  const deliver = prover?.repeating(once, spare) ?? once;
  const first = await deliver(request);
  if (!isRenewable(host, first, url, tell)) return first.received;
  const answer = await host.ask("unauthorized", first.generation).catch((error: unknown) => {
    if (host.lost) return "give-up" as const;
    throw error;
  });
  request.signal.throwIfAborted();
  if (answer !== "token" || spare === null) return first.received;
  const second = await deliver(spare.clone(), first);
  const { received } = second;
  if (second !== first && isRenewable(host, second, url, tell)) {
    host.retryRefused(second.generation);
    tell.emit("rejected-fresh-token", { url });
    if (
      received instanceof Response &&
      received.type === "cors" &&
      !received.headers.has(CHALLENGE)
    )
      host.advise("challenge-not-exposed", url, received.status);
  }
  return received;
}

/** Whether the token was refused, and a fresh one may help. */
function isRenewable<T>(
  host: Host,
  { generation, refusal }: Delivered<T>,
  url: string,
  tell: Asker,
): boolean {
  if (generation === 0) return false;
  if (refusal === undefined) host.accepted(generation);
  if (refusal == null || host.lost) return false;
  const remedy = remedyOf(refusal);
  if (remedy) tell.emit("step-up", { ...remedy, url });
  return remedy === undefined;
}

/** Whether a `Request` made of these can be sent twice. A body that is a stream can't. */
export function isReplayable(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  request: Request,
): boolean {
  const body = init?.body ?? null;
  if (body !== null)
    return !(typeof ReadableStream === "function" && body instanceof ReadableStream);
  return !(input instanceof Request) || !hasBody(request) || !isMadeOfStream(request);
}

/** Whether there is a body. Firefox does not tell: there, whether there may be one. */
export function hasBody(request: Request): boolean {
  return request.method !== "GET" && request.method !== "HEAD" && request.body !== null;
}
