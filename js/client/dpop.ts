// Proofs of possession (RFC 9449): which requests have one, the nonces of servers and their clock,
// and what a proof that is found at fault causes. A chunk of its own that brings nothing of the
// client along: who needs no proofs loads none of it.

import { hashOf, newId, newKey, type Signer, signerOf } from "./dpop-proof.js";

/** The option `dpop`, checked. */
export interface ProofSettings {
  readonly keyAlgorithm: "ES256" | "Ed25519";
  /** What proofs of refresh and sign-in calls name; `undefined`: the address of the call itself. */
  readonly namedEndpoint: string | undefined;
  /** The name of a key that all tabs share; `undefined`: this tab has its own. */
  readonly keptAs: string | undefined;
}

/** What the chunk has from the client, which it must not bring along. */
export interface Borrowed {
  /** Gives up a stream that nobody will read to its end. */
  discard(stream: Response["body"]): void;
  /**
   * The errors that an answer tells of: in the challenge with which it refuses the token, or where
   * it is an `authority`'s (not 0), in its JSON and in its challenges.
   */
  errorsIn(outcome: Outcome<Response>, authority?: number): Promise<readonly unknown[]>;
  /** The nonce that an answer gives for the next proof; `undefined`: none, or none that can be. */
  nonceIn(response: Response): string | undefined;
  /** The moment of an answer's `Date`; NaN where that can't be seen. */
  sentAtOf(response: Response): number;
  /** The error for a key that can't be made. */
  unavailable(cause: unknown): Error;
}

/** The key of a keep, as what signs with it. Rejects where there can be none. */
export interface KeptKey {
  readonly sign: Signer;
}

/** What came of a request that was sent. */
export interface Outcome<T> {
  readonly received: T;
  /**
   * The challenge with which the token was refused. `undefined`: it was not. `null`: no other token
   * helps.
   */
  readonly refusal?: string | null | undefined;
}

/** What came of a request that was sent with the token of a generation. */
export interface Delivered<T> extends Outcome<T> {
  readonly generation: number;
  readonly refusal: string | null | undefined;
}

/**
 * Sends a request with the token. `refused`: what came of it before; returned again when there is
 * no token any more, and given up otherwise.
 */
export type Deliver<D> = (request: Request, refused?: D) => Promise<D>;

/** What was known when a proof was made for a server at `origin`. */
type Known = readonly [origin: string, nonce: string | undefined, offset: number];

export interface Prover extends Awaited<ReturnType<typeof proverOf>> {
  /** The session is over. */
  over?(reason: string): void;
}

/** The prover of one keep. Rejects where there can be no key. */
export async function proverOf(
  { keyAlgorithm, namedEndpoint }: ProofSettings,
  { discard, errorsIn, nonceIn, sentAtOf }: Borrowed,
  key?: KeptKey,
) {
  const { sign } = key ?? { sign: await signerOf(await newKey(keyAlgorithm)) };
  /** The last nonce of each origin. */
  const nonces = new Map<string, string>();
  const known = new WeakMap<Request, Known>();
  /** Milliseconds by which the servers' clock is ahead of this one. */
  let offset = 0;
  /** When the last token that tells it was issued. */
  let issuedAt = 0;
  /** The hash of the last token, which itself is not kept; its engine and its generation there. */
  let hash: Promise<string> | string | undefined;
  let hashedIn: object | undefined;
  let hashedAs = 0;

  /**
   * A proof for a request to `at`: with the token of a generation of an engine, or without a token.
   * `method`: of what the application sends in place of the request.
   */
  async function proofOf(
    request: Request,
    at: URL,
    token?: string,
    engine: object = {},
    generation = 0,
    method = request.method,
  ): Promise<string> {
    if (hashedIn !== engine || hashedAs !== generation) {
      hashedIn = engine;
      hashedAs = generation;
      hash = token && hashOf(token);
    }
    const ath = await hash;
    const { origin } = at;
    const nonce = nonces.get(origin);
    known.set(request, [origin, nonce, offset]);
    return sign({
      jti: newId(),
      htm: method,
      htu: token || !namedEndpoint ? origin + at.pathname : namedEndpoint,
      iat: Math.floor((Date.now() + offset) / 1000),
      ath,
      nonce,
    });
  }

  /** Corrects the clock where it is off by more than `least` milliseconds. */
  function correct(now: number, least = 5_000): void {
    const error = now - Date.now() - offset;
    if (Math.abs(error) > least) offset += error;
  }

  /**
   * Has a copy of `spare` follow, once, where the proof of the request that `deliver` sends is
   * found at fault and a better one can be made. No other token helps then. `least`: by how much a
   * clock is off that any answer corrects.
   */
  function repeating<D extends Outcome<unknown>>(
    deliver: Deliver<D>,
    spare: Request | null | false,
    least?: number,
  ): Deliver<D> {
    let isSpent = false;
    const repeat: Deliver<D> = async (request, refused) => {
      const told = await deliver(request, refused);
      const { received } = told;
      const errors = await errorsIn(told as never, least);
      // The faults that an answer finds in a proof (RFC 9449 sections 5 and 8).
      const wantsNonce = errors.includes("use_dpop_nonce");
      const isRefused = errors.includes("invalid_dpop_proof");
      const found = wantsNonce || isRefused ? { ...told, refusal: null } : told;
      const [origin, nonce, then] = known.get(request) ?? [];
      // After a redirect the answer is somebody else's, and the proof named another address.
      if (!origin || !(received instanceof Response) || received.redirected) return found;
      const given = nonceIn(received);
      if (given) nonces.set(origin, given);
      // A `Date` has whole seconds, and half of one has passed on average.
      if (least || isRefused) correct(sentAtOf(received) + 500, least);
      const isBetter = wantsNonce ? nonce !== nonces.get(origin) : isRefused && then !== offset;
      if (!isBetter || !spare || isSpent) return found;
      isSpent = true;
      return repeat(spare.clone(), found);
    };
    return repeat;
  }

  return {
    repeating,

    proofOf,

    /**
     * Sends a call to the authority with a proof; once more, if it can be sent `twice`, where the
     * proof is found at fault and a better one can be made. Returns the last answer, and whether
     * its fault is the proof. A `logout` has a proof where it has a token.
     */
    call(
      request: Request,
      twice: boolean,
      send: (request: Request) => Promise<Response>,
      logout: boolean,
    ): Promise<Outcome<Response>> {
      const deliver: Deliver<Outcome<Response>> = async (request, refused) => {
        const { headers, url } = request;
        const token = headers.get("Authorization")?.split("DPoP ")[1];
        if (token || !logout) headers.set("DPoP", await proofOf(request, new URL(url), token));
        if (refused) discard(refused.received.body);
        return { received: await send(request) };
      };
      return repeating(deliver, twice && request.clone(), 2_000)(request);
    },

    /**
     * Learns the time from when a new token was issued, for where the `Date` of its reply can't be
     * seen.
     */
    tokenIssued(iat = 0): void {
      if (iat > 0 && iat !== issuedAt) correct((issuedAt = iat) * 1000);
    },
  };
}
