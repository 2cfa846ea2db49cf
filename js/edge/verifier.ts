// The verifier: requests and policies around verification.ts, what is told of each token, and that
// everything that goes wrong becomes a VerifyError.

import type { Core, Finding, Opened, Profile } from "./core.js";
import { replayIn } from "./dpop/memory-replay.js";
import { type DpopSettings, readDpop } from "./dpop/options.js";
import { admitCopy, confirm, withNonce } from "./dpop/requests.js";
import { MOST_PROOFS, SeenProofs } from "./dpop/seen-proofs.js";
import { explainWith } from "./explain.js";
import type { Instance } from "./instance.js";
import { type Introspection, introspectionOf } from "./introspector.js";
import { promiseScope } from "./keys/scope.js";
import { invalidOption, reading } from "./options/invalid.js";
import { type Issuer, type Issuers, issuersOf, keysFor } from "./options/issuers.js";
import { ownCopy, silence, tagOf } from "./options/own.js";
import { readClock, readSettings, type Settings } from "./options/read.js";
import type { VerifierEvent, VerifierOptions } from "./options/types.js";
import { withDpop } from "./request/challenge.js";
import { VerifyError } from "./request/error.js";
import { forwarded } from "./request/forward.js";
import {
  enforce,
  NO_POLICY,
  permissionsOf,
  policyFor,
  readPolicy,
  type Subject,
  subjectFrom,
} from "./request/policy.js";
import { isPreflight, isRequest, isWithDpop, tokenOf } from "./request/token.js";
import { issuerOf, Outcome } from "./result/outcome.js";
import { ownerOf, refusalOf } from "./result/owner.js";
import type { ExecutionContextLike, Policy, Verified, Verifier } from "./result/verified.js";
import { Verification } from "./verification.js";

type Handler = (
  request: Request,
  env: unknown,
  ctx: ExecutionContextLike,
  auth: Verified | null,
) => Response | Promise<Response>;

/** A verifier over an instance of the wasm, which is loaded when the first token comes. */
export function verifierOver(options: VerifierOptions, instance: Instance): Verifier {
  return reading("options", () => new TokenVerifier(options, instance));
}

/** Verifies logout tokens of issuers that have no profile of their own, and no other tokens. */
export function logoutVerifierOver(
  options: VerifierOptions,
  instance: Instance,
): Verifier["verify"] {
  const verifier = reading("options", () => new TokenVerifier(options, instance, "logout"));
  return (token, ctx) => verifier.verify(token, ctx);
}

class TokenVerifier implements Verifier {
  readonly #instance: Instance;
  readonly #settings: Settings;
  readonly #issuers: Issuers;
  readonly #introspection: Introspection | null;
  readonly #verification: Verification;
  readonly #dpop: DpopSettings | null;

  constructor(options: VerifierOptions, instance: Instance, profile?: Profile) {
    this.#instance = instance;
    this.#settings = readSettings(options, profile);
    this.#issuers = issuersOf(
      this.#settings,
      this.#settings.onEvent === null ? null : (event) => this.#tell(event),
    );
    this.#introspection = introspectionOf(this.#settings);
    this.#verification = new Verification(
      this.#settings,
      this.#issuers,
      instance,
      this.#introspection,
    );
    const { dpop, clock, clockTolerance: slack } = this.#settings;
    const usualReplay = () => replayIn(new SeenProofs(MOST_PROOFS), clock);
    this.#dpop = dpop === undefined ? null : readDpop("dpop", dpop, { clock, slack, usualReplay });
  }

  async verify(token: string, ctx?: ExecutionContextLike): Promise<Verified> {
    try {
      const outcome = this.#verification.outcomeOf(token, ctx ?? null);
      const auth = outcome instanceof Outcome ? outcome : await outcome;
      // Without a request there is no proof.
      if (auth.confirmation !== null) throw refusalOf(auth, new VerifyError("token.bound"));
      return this.#accepted(auth);
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  async authenticate(
    request: Request,
    policy: Policy & { optional: true },
    ctx?: ExecutionContextLike,
  ): Promise<Verified | null>;
  async authenticate(
    request: Request,
    policy?: Policy,
    ctx?: ExecutionContextLike,
  ): Promise<Verified>;
  async authenticate(
    request: Request,
    policy: Policy = NO_POLICY,
    ctx?: ExecutionContextLike,
  ): Promise<Verified | null> {
    let read = NO_POLICY;
    try {
      read = this.#policy(policy);
      const auth = await this.#admit(request, read, ctx ?? null, false);
      return auth === null ? null : this.#accepted(auth);
    } catch (cause) {
      throw this.#refused(cause, request, read);
    }
  }

  guard<Env = unknown>(
    handler: (
      request: Request,
      env: Env,
      ctx: ExecutionContextLike,
      auth: Verified,
    ) => Response | Promise<Response>,
    given: Policy | ((request: Request) => Policy) = NO_POLICY,
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response> {
    const fixed = typeof given === "function" ? null : this.#policy(given);
    return async (request, env, ctx) => {
      let policy = NO_POLICY;
      let admitted: Request;
      let auth: Outcome | null;
      try {
        policy = fixed ?? this.#policy(policyFor(request, given as (request: Request) => Policy));
        auth = await this.#admit(request, policy, ctx ?? null, policy.preflight === "pass");
        admitted = forwarded(request, policy, auth);
        if (this.#dpop !== null) admitCopy(admitted, request, this.#dpop);
        if (auth !== null) this.#accepted(auth);
      } catch (cause) {
        return this.#answer(this.#refused(cause, request, policy), request, policy);
      }
      const answer = (handler as Handler)(admitted, env, ctx, auth);
      const nonce = auth?.proof?.nextNonce ?? null;
      return nonce === null ? answer : withNonce(await answer, nonce);
    };
  }

  async authorize(auth: Verified, given: Policy, request?: Request): Promise<void> {
    try {
      const policy = this.#policy(given);
      // The token that it could ask about is not there.
      if (policy.fresh === true) throw new VerifyError("policy.fresh");
      await this.#enforce(policy, subjectFrom(auth, policy), auth, request ?? null);
    } catch (cause) {
      throw this.#errorOf(cause);
    }
  }

  async prime(): Promise<void> {
    try {
      const core = await this.#core();
      const call = {
        core,
        now: readClock(this.#settings.clock),
        context: null,
        scope: promiseScope(null),
      };
      // Issuers of one address come one after the other: the first one fetches for all.
      const turns = new Map<object, Promise<unknown>>();
      for (const { keys } of this.#issuers.listed) {
        if (keys?.shared === undefined) continue;
        const before = turns.get(keys.shared) ?? Promise.resolve();
        turns.set(
          keys.shared,
          before.then(() => keys.current?.(call)),
        );
      }
      await Promise.all(turns.values());
    } catch (cause) {
      throw this.#errorOf(cause);
    }
  }

  async explain(token: string): Promise<readonly Finding[]> {
    const core = await this.#core();
    const means = {
      core,
      settings: this.#settings,
      issuers: this.#issuers,
      introspection: this.#introspection,
      keys: (issuer: Issuer, { algorithm, kid }: Opened, now: number) =>
        keysFor(issuer, algorithm).find(algorithm, kid, {
          core,
          now,
          context: null,
          scope: promiseScope(null),
        }),
      errorOf: (cause: unknown) => this.#errorOf(cause),
    };
    return explainWith(means, token);
  }

  /** @throws {VerifyError} config_invalid */
  #policy(given: Policy): Policy {
    const policy = readPolicy(given);
    if (policy.dpop !== undefined && this.#dpop === null)
      throw invalidOption("policy.dpop", "needs the option `dpop` of the verifier");
    if (policy.fresh === true && this.#introspection === null)
      throw invalidOption("policy.fresh", "needs the option `introspection` of the verifier");
    return policy;
  }

  /** The token of a request, if it is good enough for the policy. Tells nobody of it. */
  async #admit(
    request: Request,
    policy: Policy,
    context: ExecutionContextLike | null,
    passesPreflights: boolean,
  ): Promise<Outcome | null> {
    // A server of Node has requests of another kind.
    if (!isRequest(request)) throw invalidOption("request", "must be a Request");
    const { readsPadding } = this.#issuers.unmatchedRules;
    const token = tokenOf(request, policy, this.#dpop !== null, readsPadding);
    if (token === null) {
      if (policy.optional === true || (passesPreflights && isPreflight(request))) return null;
      throw new VerifyError("request.missing");
    }
    const outcome = this.#verification.outcomeOf(token, context, policy.fresh === true);
    // Not by `instanceof Promise`: a promise of the platform may be of another realm.
    const auth = outcome instanceof Outcome ? outcome : await outcome;
    try {
      if (this.#dpop !== null) {
        const core = this.#instance.current() ?? (await this.#core());
        await confirm(core, request, isWithDpop(request, policy), token, auth, this.#dpop);
      }
      if (policy.roleMap !== undefined) auth.grant(permissionsOf(auth.roles, policy.roleMap));
      await this.#enforce(policy, auth, auth, request);
    } catch (cause) {
      throw refusalOf(auth, cause);
    }
    return auth;
  }

  #enforce(policy: Policy, subject: Subject, auth: Verified, request: Request | null) {
    // A Verified that was made by hand names its issuer at most.
    const issuer =
      issuerOf(auth) ??
      this.#issuers.listed.find(({ settings }) => settings.issuer === auth.issuer);
    return enforce(policy, subject, request, this.#settings, issuer?.settings.claimPaths.acr);
  }

  /** The answer to a request that was refused: the application's, or else that of the error. */
  async #answer(error: VerifyError, request: Request, policy: Policy): Promise<Response> {
    const { respond } = this.#settings;
    try {
      // A copy: who answers one request changes nothing for the next.
      const answer = await respond?.(error, request, ownCopy(policy));
      // Of whatever realm: a server may have replaced `Response`.
      if (answer && tagOf(answer) === "[object Response]" && canBeSent(answer)) return answer;
    } catch {
      // Answered below.
    }
    return error.response(policy);
  }

  #accepted(auth: Outcome): Outcome {
    if (this.#settings.onEvent === null) return auth;
    const { issuer, cached, tenant } = auth;
    this.#tell({ type: "verified", issuer, cached, tenant });
    return auth;
  }

  #refused(cause: unknown, request?: Request, policy: Policy = NO_POLICY): VerifyError {
    const error = this.#errorOf(cause);
    if (this.#dpop !== null && isRequest(request))
      withDpop(error, { algs: this.#dpop.algs, isUsed: isWithDpop(request, policy) });
    const { code, category } = error;
    const { issuer = null, tenant = null } = ownerOf(error) ?? {};
    this.#tell({ type: "refused", code, category, issuer, tenant });
    return error;
  }

  /** What anything that went wrong is for the caller: a VerifyError, never anything else. */
  #errorOf(cause: unknown): VerifyError {
    // A trap, or a stack that ran out: the instance may be in any state.
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError)
      this.#instance.renew();
    return cause instanceof VerifyError ? cause : new VerifyError("runtime.failed", { cause });
  }

  async #core(): Promise<Core> {
    return this.#instance.current() ?? this.#instance.load();
  }

  #tell(event: VerifierEvent): void {
    // Listening changes nothing, whether it fails now or later.
    try {
      silence(this.#settings.onEvent?.(event));
    } catch {
      return;
    }
  }
}

/** Whether a server can send it: one that was given before may be on its way still. */
function canBeSent({ status, bodyUsed, body }: Response): boolean {
  // `Response.error()` has the status 0.
  return status !== 0 && !bodyUsed && body?.locked !== true;
}
