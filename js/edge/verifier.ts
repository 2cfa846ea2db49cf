// The verifier: requests and policies around verification.ts, what is told of each token, and that
// everything that goes wrong becomes a VerifyError.

import type { Core, Finding, Opened } from "./core.js";
import { explainWith } from "./explain.js";
import type { Instance } from "./instance.js";
import { promiseScope } from "./keys/scope.js";
import { type Issuer, type Issuers, issuersOf } from "./options/issuers.js";
import { readClock, readSettings, type Settings } from "./options/read.js";
import type { VerifierEvent, VerifierOptions } from "./options/types.js";
import { bearerToken, forwarded } from "./request/bearer.js";
import { VerifyError } from "./request/error.js";
import { enforce, NO_POLICY, permissionsOf, readPolicy } from "./request/policy.js";
import type { Outcome } from "./result/outcome.js";
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
  return new TokenVerifier(options, instance);
}

class TokenVerifier implements Verifier {
  readonly #instance: Instance;
  readonly #settings: Settings;
  readonly #issuers: Issuers;
  readonly #verification: Verification;

  constructor(options: VerifierOptions, instance: Instance) {
    this.#instance = instance;
    this.#settings = readSettings(options);
    this.#issuers = issuersOf(
      this.#settings,
      this.#settings.onEvent === null ? null : (event) => this.#tell(event),
    );
    this.#verification = new Verification(this.#settings, this.#issuers, instance);
  }

  async verify(token: string, ctx?: ExecutionContextLike): Promise<Verified> {
    try {
      const outcome = this.#verification.outcomeOf(token, ctx ?? null);
      return this.#verified(outcome instanceof Promise ? await outcome : outcome);
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
    try {
      const auth = await this.#admit(request, readPolicy(policy), ctx ?? null);
      return auth === null ? null : this.#verified(auth);
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  guard<Env = unknown>(
    handler: (
      request: Request,
      env: Env,
      ctx: ExecutionContextLike,
      auth: Verified,
    ) => Response | Promise<Response>,
    given: Policy = NO_POLICY,
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response> {
    const policy = readPolicy(given);
    return async (request, env, ctx) => {
      let admitted: Request;
      let auth: Outcome | null;
      try {
        auth = await this.#admit(request, policy, ctx ?? null);
        admitted = forwarded(request, policy, auth);
        if (auth !== null) this.#verified(auth);
      } catch (cause) {
        return this.#refused(cause).response(policy);
      }
      return (handler as Handler)(admitted, env, ctx, auth);
    };
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
      await Promise.all(this.#issuers.known.map((issuer) => issuer.keys.current(call)));
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
      keys: (issuer: Issuer, { algorithm, kid }: Opened, now: number) =>
        issuer.keys.find(algorithm, kid, { core, now, context: null, scope: promiseScope(null) }),
      errorOf: (cause: unknown) => this.#errorOf(cause),
    };
    return explainWith(means, token);
  }

  /** The token of a request, if it is good enough for the policy. Tells nobody of it. */
  async #admit(
    request: Request,
    policy: Policy,
    context: ExecutionContextLike | null,
  ): Promise<Outcome | null> {
    const token = bearerToken(request);
    if (token === null && policy.optional === true) return null;
    if (token === null) throw new VerifyError("request.missing");
    const outcome = this.#verification.outcomeOf(token, context);
    const auth = outcome instanceof Promise ? await outcome : outcome;
    try {
      if (policy.roleMap !== undefined) auth.grant(permissionsOf(auth.roles, policy.roleMap));
      await enforce(policy, auth, request, this.#settings);
    } catch (cause) {
      throw refusalOf(auth, cause);
    }
    return auth;
  }

  #verified(auth: Outcome): Outcome {
    if (this.#settings.onEvent === null) return auth;
    const { issuer, cached, tenant } = auth;
    this.#tell({ type: "verified", issuer, cached, tenant });
    return auth;
  }

  #refused(cause: unknown): VerifyError {
    const error = this.#errorOf(cause);
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
      const heard: unknown = this.#settings.onEvent?.(event);
      if (heard instanceof Promise) heard.catch(() => undefined);
    } catch {
      return;
    }
  }
}
