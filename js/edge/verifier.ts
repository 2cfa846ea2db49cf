// The verifier: what follows on what. The rules are the wasm's, the signatures the platform's, the keys key-sets.ts's; here they are
// put in order, and everything that goes wrong becomes a VerifyError.

import { bearerToken, forwarded } from "./bearer.js";
import { type Core, FOREIGN, GOOD, UNFIT } from "./core.js";
import { type Signer, signerAmong } from "./crypto.js";
import { VerifyError } from "./error.js";
import { explainWith, type Finding } from "./explain.js";
import { KnownHeaders } from "./headers.js";
import type { Instance } from "./instance.js";
import { type Issuer, type Issuers, issuersOf } from "./issuers.js";
import type { Call, Held } from "./key-sets.js";
import type { VerifierEvent, VerifierOptions } from "./option-types.js";
import { ALGORITHMS, readClock, readSettings, type Settings } from "./options.js";
import { Facts, frozen, verified } from "./outcome.js";
import { checkPolicy, enforce, permissionsOf } from "./policy.js";
import { type Name, type Result, Results } from "./results.js";
import { promiseScope } from "./scope.js";
import type { ExecutionContextLike, JoseHeader, Policy, Verified, Verifier } from "./verified.js";

type Handler = (request: Request, env: unknown, ctx: ExecutionContextLike, auth: Verified | null) => Response | Promise<Response>;

/** A token that passed, with the set that says so. */
interface Passed {
  readonly facts: Facts;
  readonly held: Held;
  readonly cached: boolean;
  readonly now: number;
}

/** A token on its way. */
interface Candidate {
  readonly token: string;
  readonly length: number;
  readonly name: Name | null;
}

/** A verifier over a wasm instance. Nothing is loaded or asked before the first token. */
export function verifierOver(options: VerifierOptions, instance: Instance): Verifier {
  return new TokenVerifier(options, instance);
}

class TokenVerifier implements Verifier {
  readonly #instance: Instance;
  readonly #settings: Settings;
  readonly #issuers: Issuers;
  readonly #results: Results;
  readonly #headers = new KnownHeaders();
  readonly #vouches: boolean;

  constructor(options: VerifierOptions, instance: Instance) {
    this.#settings = readSettings(options);
    this.#issuers = issuersOf(options.issuers, this.#settings, this.#settings.onEvent === null ? null : (event) => this.#tell(event));
    this.#results = new Results(this.#settings.resultCacheSize);
    this.#instance = instance;
    this.#vouches = this.#settings.revocation !== undefined || this.#settings.check !== undefined;
  }

  async verify(token: string, ctx?: ExecutionContextLike): Promise<Verified> {
    try {
      const passing = this.#pass(token, ctx ?? null);
      const { facts, held, cached, now } = passing instanceof Promise ? await passing : passing;
      return verified(facts, cached, held, now);
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  async authenticate(request: Request, policy: Policy & { optional: true }, ctx?: ExecutionContextLike): Promise<Verified | null>;
  async authenticate(request: Request, policy?: Policy, ctx?: ExecutionContextLike): Promise<Verified>;
  async authenticate(request: Request, policy: Policy = {}, ctx?: ExecutionContextLike): Promise<Verified | null> {
    try {
      checkPolicy(policy);
      const token = bearerToken(request);
      if (token === null && policy.optional === true) return null;
      if (token === null) throw new VerifyError("request.missing");
      const passing = this.#pass(token, ctx ?? null);
      const { facts, held, cached, now } = passing instanceof Promise ? await passing : passing;
      const plain = verified(facts, cached, held, now);
      const auth = policy.roleMap === undefined ? plain : verified(facts, cached, held, now, permissionsOf(plain.roles, policy));
      await enforce(policy, auth, request, now / 1000, this.#settings.clockTolerance);
      return auth;
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  guard<Env = unknown>(
    handler: (request: Request, env: Env, ctx: ExecutionContextLike, auth: Verified) => Response | Promise<Response>,
    policy: Policy = {},
  ): (request: Request, env: Env, ctx: ExecutionContextLike) => Promise<Response> {
    checkPolicy(policy);
    return async (request, env, ctx) => {
      let admitted: Request;
      let auth: Verified | null;
      try {
        auth = await this.authenticate(request, policy, ctx);
        admitted = forwarded(request, policy, auth);
      } catch (error) {
        return (error instanceof VerifyError ? error : new VerifyError("runtime.failed", { cause: error })).response(policy);
      }
      return (handler as Handler)(admitted, env, ctx, auth);
    };
  }

  async prime(): Promise<void> {
    try {
      const core = await this.#core();
      const call = { core, now: readClock(this.#settings.clock), context: null, scope: promiseScope(null) };
      await Promise.all(this.#issuers.known.map((issuer) => issuer.keys.current(call)));
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  async explain(token: string): Promise<readonly Finding[]> {
    const core = await this.#core();
    return explainWith(core, token, {
      settings: this.#settings,
      algorithms: this.#issuers.algorithms,
      issuer: (name) => this.#issuerNamed(name),
      keys: (issuer, alg, kid, now) => issuer.keys.find(alg, kid, { core, now, context: null, scope: promiseScope(null) }),
      vouch: (facts) => this.#vouch(facts),
    });
  }

  /** What anything that went wrong is for the caller: a VerifyError, never anything else. */
  #refused(cause: unknown): VerifyError {
    // A trap, or a stack that ran out: the instance may be in any state.
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError) this.#instance.discard();
    const error = cause instanceof VerifyError ? cause : new VerifyError("runtime.failed", { cause });
    this.#tell({ type: "refused", code: error.code, category: error.category });
    return error;
  }

  async #core(): Promise<Core> {
    return this.#instance.current() ?? this.#instance.load();
  }

  /** At once where nothing has to be waited for: a token that passed before, in most cases. */
  #pass(token: string, context: ExecutionContextLike | null): Passed | Promise<Passed> {
    const now = readClock(this.#settings.clock);
    const core = this.#instance.current();
    if (core === null) return this.#instance.load().then(() => this.#pass(token, context));
    if (typeof token !== "string") throw new VerifyError("token.malformed");
    // Longer in characters is longer in bytes: no need to carry it over.
    if (token.length > this.#settings.maxTokenBytes) throw new VerifyError("token.too_large");
    const length = core.take(token);
    const name = this.#results.nameOf(core, length);
    const result = name === null ? null : this.#results.find(name);
    if (name !== null && result !== null && this.#issuers.areKnown && !this.#vouches) {
      const held = result.issuer.keys.peek(now);
      if (held?.set === result.set) return this.#hit(result, name, held, core, now);
    }
    return this.#passSlowly({ token, length, name }, result, { core, now, context, scope: promiseScope(context) });
  }

  async #passSlowly(candidate: Candidate, result: Result | null, call: Call): Promise<Passed> {
    const { name } = candidate;
    const again = result === null || name === null ? null : await this.#again(result, name, call);
    const passed = again ?? (await this.#fresh(candidate, call, result !== null));
    if (this.#vouches) await this.#vouch(passed.facts);
    if (again === null || this.#vouches) this.#tell({ type: "verified", issuer: passed.facts.issuer, cached: passed.cached });
    return passed;
  }

  /** A token that passed before, if its keys and its issuer are still those; null when its signature has to be looked at again. */
  async #again(result: Result, name: Name, call: Call): Promise<Passed | null> {
    const { issuer, facts } = result;
    if (!this.#issuers.areKnown && (await this.#issuers.named(facts.issuer)) !== issuer) return null;
    const held = issuer.keys.peek(call.now) ?? (await issuer.keys.current(call));
    return held.set === result.set ? this.#hit(result, name, held, call.core, readClock(this.#settings.clock)) : null;
  }

  #hit({ facts }: Result, name: Name, held: Held, core: Core, now: number): Passed {
    const { clockTolerance, maxTokenAge } = this.#settings;
    const { expires, notBefore, issued } = facts.dates;
    if (!core.alive(expires, notBefore, issued, now / 1000, clockTolerance, maxTokenAge)) {
      this.#results.forget(name);
      throw new VerifyError(core.code());
    }
    if (!this.#vouches) this.#tell({ type: "verified", issuer: facts.issuer, cached: true });
    return { facts, held, cached: true, now };
  }

  /** A token whose signature has to be looked at. `waited`: the wasm may have taken in another one meanwhile. */
  async #fresh(candidate: Candidate, call: Call, waited: boolean): Promise<Passed> {
    const { core, now } = call;
    const { token, length, name } = candidate;
    if (waited) core.take(token);
    const part = token.slice(0, token.indexOf("."));
    const known = this.#issuers.areKnown ? this.#headers.find(part) : null;
    let issuer = known?.issuer ?? this.#issuers.known[0] ?? null;
    let verdict = this.#read(core, length, issuer, now);
    if (verdict === FOREIGN) {
      const found = this.#issuerNamed(core.issuer());
      issuer = found instanceof Promise ? await found : found;
      if (found instanceof Promise) core.take(token);
      verdict = this.#read(core, length, issuer, now);
    }
    if (issuer === null) throw new VerifyError("claim.iss");

    const held = issuer.keys.peek(now);
    if (known === null || known.issuer !== issuer || known.set !== held?.set) return this.#freshSlowly(candidate, part, issuer, call);
    const refusal = refusalFor(verdict, core);
    const facts = this.#factsOf(core, issuer, known.header, known.signer);
    if (!(await known.signer.signed(core.taken(token.lastIndexOf(".")), core.signature()))) throw new VerifyError("signature.invalid");
    if (refusal !== null) throw refusal;
    if (name !== null) this.#results.remember(name, { issuer, set: held.set, facts });
    return { facts, held, cached: false, now };
  }

  /** The first token with a header: its keys may have to be fetched, and several may have to be tried. The wasm has just read it. */
  async #freshSlowly({ token, length, name }: Candidate, part: string, issuer: Issuer, call: Call): Promise<Passed> {
    const { core } = call;
    const alg = ALGORITHMS[core.algorithm()] ?? "";
    const kid = core.kid() ?? null;
    const header = frozen(JSON.parse(core.header() ?? "{}") as JoseHeader);
    if ((issuer.settings.algorithms & (1 << core.algorithm())) === 0) throw new VerifyError("alg.not_allowed");
    // Copies of its own: while it waits, others use the wasm's memory.
    const bytes = core.taken(token.lastIndexOf(".")).slice();
    const signature = core.signature().slice();
    const { held, keys } = await issuer.keys.find(alg, kid, call);
    const signer = await signerAmong(keys, alg, core, bytes, signature);

    const now = readClock(this.#settings.clock);
    core.take(token);
    const refusal = refusalFor(this.#read(core, length, issuer, now), core);
    if (refusal !== null) throw refusal;
    const facts = this.#factsOf(core, issuer, header, signer);
    if (keys.length === 1 && this.#issuers.areKnown) this.#headers.remember(part, { header, issuer, set: held.set, signer });
    if (name !== null) this.#results.remember(name, { issuer, set: held.set, facts });
    return { facts, held, cached: false, now };
  }

  /** Reads the token that was taken in, by the rules of an issuer; without one every token is foreign. */
  #read(core: Core, length: number, issuer: Issuer | null, now: number): number {
    const { profile, maxTokenBytes, clockTolerance, maxTokenAge, allowNoExpiry } = this.#settings;
    const { algorithms } = this.#issuers;
    const verdict = core.read(
      length,
      maxTokenBytes,
      profile,
      algorithms,
      issuer?.texts ?? "",
      allowNoExpiry,
      now / 1000,
      clockTolerance,
      maxTokenAge,
    );
    if (verdict === UNFIT) throw new VerifyError(core.code());
    return verdict;
  }

  /** The facts of the token that was read, if its signature holds. */
  #factsOf(core: Core, { settings }: Issuer, header: JoseHeader, { described }: Signer): Facts {
    const dates = { expires: core.expires(), notBefore: core.notBefore(), issued: core.issued() };
    return new Facts(core.claims(), dates, header, described, settings.issuer, settings.tenant);
  }

  #issuerNamed(name: string | undefined): Issuer | Promise<Issuer> {
    if (name === undefined) throw new VerifyError("claim.iss");
    return this.#issuers.named(name);
  }

  /** What can change from one use of a token to the next: revocation, and the application's own mind. */
  async #vouch(facts: Facts): Promise<void> {
    const { revocation, check } = this.#settings;
    if (revocation !== undefined) {
      let revoked: unknown;
      try {
        revoked = await revocation.isRevoked(facts.subject);
      } catch (cause) {
        throw new VerifyError("revocation.unavailable", { cause });
      }
      if (revoked === true) throw new VerifyError("token.revoked");
      if (revoked !== false) throw new VerifyError("revocation.unavailable");
    }
    if (check === undefined) return;
    let answer: unknown;
    try {
      answer = await check(facts.claims, facts.header);
    } catch (cause) {
      throw new VerifyError("claim.custom", { cause });
    }
    if (answer !== true) throw new VerifyError("claim.custom");
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

/** Nothing but a good verdict lets a token pass. */
function refusalFor(verdict: number, core: Core): VerifyError | null {
  if (verdict === GOOD) return null;
  return new VerifyError(verdict === FOREIGN ? "claim.iss" : core.code());
}
