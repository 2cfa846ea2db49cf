// Proofs of possession (RFC 9449): which requests have one, the nonces of servers and their clock,
// and what a proof that is found at fault causes. A chunk of its own that brings nothing of the
// client along: who needs no proofs loads none of it.

import { hashOf, newKey, type Signer, signerOf } from "./dpop-proof.js";

/** The option `dpop`, checked. */
export interface ProofSettings {
  readonly keyAlgorithm: "ES256" | "Ed25519";
  /** What proofs of refresh and sign-in calls name; `undefined`: the address of the call. */
  readonly namedEndpoint: string | undefined;
  /** The name of a key that all tabs share; `undefined`: this tab has its own. */
  readonly keptAs: string | undefined;
}

/** What the chunk has from the client, which it must not bring along. */
export interface Borrowed {
  /** Gives up a stream that nobody will read to its end. */
  discard(stream: Response["body"]): void;
  /** What an authority that refuses a call says is wrong, in its JSON and in its challenges. */
  errorsIn(response: Response): Promise<readonly unknown[]>;
  /** The `error` of each challenge in a `WWW-Authenticate`. */
  errorsOf(field: string | null | undefined): readonly unknown[];
  /** The moment of an answer's `Date`; NaN where that can't be seen. */
  sentAtOf(response: Response): number;
  /** The error for a key that can't be made. */
  unavailable(cause: unknown): Error;
}

/** The key of a keep, as what signs with it. Rejects where there can be none. */
export interface KeptKey {
  readonly signer: Promise<Signer>;
}

/** What a proof is about, and where it stands beside the token. */
interface Provable extends Pick<Request, "method" | "url"> {
  readonly headers: Pick<Headers | Map<string, string>, "delete" | "get" | "set">;
}

/** What sets the token on a request, and returns its generation, 0 for none. */
interface TokenSetter {
  setToken(request: Provable, logout: boolean): number;
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

/** RFC 9449 section 8.1: `1*NQCHAR`, all of visible ASCII but `"` and `\`. The bound is ours. */
const NONCE = /^[!#-[\]-~]{1,512}$/;

export interface Prover extends Awaited<ReturnType<typeof proverOf>> {
  /** The session is over. */
  over?(reason: string): void;
}

/** The prover of one keep. Rejects where there can be no key. */
export async function proverOf(
  { keyAlgorithm, namedEndpoint }: ProofSettings,
  { discard, errorsIn, errorsOf, sentAtOf }: Borrowed,
  key: KeptKey = { signer: newKey(keyAlgorithm).then(signerOf) },
) {
  await key.signer;
  /** The last nonce of each origin. */
  const nonces = new Map<string, string>();
  const known = new WeakMap<Provable, Known>();
  /** Milliseconds by which the servers' clock is ahead of this one. */
  let offset = 0;
  /** When the last token that tells it was issued. */
  let issuedAt = 0;
  /** The hash of the last token, which itself is not kept; its engine and its generation there. */
  let hash: Promise<string> | undefined;
  let hashedIn: TokenSetter | undefined;
  let hashedAs = 0;

  /** Puts a proof on a request, which names `url` where that is another address. */
  async function sign(request: Provable, hash?: Promise<string>, url?: string): Promise<void> {
    const ath = await hash;
    const signer = await key.signer;
    const at = new URL(request.url);
    const nonce = nonces.get(at.origin);
    const named = url ? new URL(url) : at;
    known.set(request, [at.origin, nonce, offset]);
    const claims = {
      jti: crypto.randomUUID(),
      htm: request.method,
      htu: named.origin + named.pathname,
      iat: Math.floor((Date.now() + offset) / 1000),
      ath,
      nonce,
    };
    request.headers.set("DPoP", await signer(claims));
  }

  /** Corrects the clock where it is off by more than `least` milliseconds. */
  function correct(now: number, least: number): void {
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
      const { received, refusal } = told;
      const errors = least ? await errorsIn(received as Response) : errorsOf(refusal);
      // The faults that an answer finds in a proof (RFC 9449 sections 5 and 8).
      const wantsNonce = errors.includes("use_dpop_nonce");
      const isRefused = errors.includes("invalid_dpop_proof");
      const found = wantsNonce || isRefused ? { ...told, refusal: null } : told;
      const [origin, nonce, then] = known.get(request) ?? [];
      // After a redirect the answer is somebody else's, and the proof named another address.
      if (!origin || !(received instanceof Response) || received.redirected) return found;
      const given = received.headers.get("DPoP-Nonce");
      if (given && NONCE.test(given)) nonces.set(origin, given);
      // A `Date` has whole seconds, and half of one has passed on average.
      if (least || isRefused) correct(sentAtOf(received) + 500, least ?? 5_000);
      const isBetter = wantsNonce ? nonce !== nonces.get(origin) : isRefused && then !== offset;
      if (!isBetter || !spare || isSpent) return found;
      isSpent = true;
      return repeat(spare.clone(), found);
    };
    return repeat;
  }

  return {
    repeating,

    /**
     * Sets the token on a request, and a proof beside it where its type wants one: for `lent`,
     * where that is another token. Returns the generation of the token, 0 for none.
     */
    async setToken(request: Provable, engine: TokenSetter, lent?: string): Promise<number> {
      for (;;) {
        const generation = engine.setToken(request, false);
        const token = tokenOf(request);
        if (!token) return generation;
        if (hashedIn !== engine || hashedAs !== generation) {
          hashedIn = engine;
          hashedAs = generation;
          hash = hashOf(token);
        }
        await sign(request, lent && lent !== token ? hashOf(lent) : hash);
        if (engine.setToken(request, false) === generation) return generation;
        // Meanwhile the token was renewed, or the session ended.
        request.headers.delete("Authorization");
        request.headers.delete("DPoP");
      }
    },

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
        const token = tokenOf(request);
        if (token) await sign(request, hashOf(token));
        else if (!logout) await sign(request, undefined, namedEndpoint);
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
      if (iat > 0 && iat !== issuedAt) correct((issuedAt = iat) * 1000, 5_000);
    },
  };
}

/** The token of a request, if it is bound to a key. */
function tokenOf(request: Provable): string | undefined {
  return request.headers.get("Authorization")?.split("DPoP ")[1];
}
