// The verifier: what follows on what. The rules are the wasm's, the signatures the platform's, the
// keys key-sets.ts's; here they are put in order, and everything that goes wrong becomes a
// VerifyError.

import { type Core, FOREIGN, GOOD, UNFIT } from "./core.js";
import { explainWith, type Finding } from "./explain.js";
import type { Instance } from "./instance.js";
import { verificationKeyAmong } from "./keys/crypto.js";
import type { Call, Held } from "./keys/key-sets.js";
import { promiseScope } from "./keys/scope.js";
import { type Issuer, type Issuers, issuersOf } from "./options/issuers.js";
import { ALGORITHMS, readClock, readSettings, type Settings } from "./options/read.js";
import type { VerifierEvent, VerifierOptions } from "./options/types.js";
import { bearerToken, forwarded } from "./request/bearer.js";
import { VerifyError } from "./request/error.js";
import { enforce, permissionsOf, readPolicy } from "./request/policy.js";
import { headerPartOf, KnownHeaders } from "./result/headers.js";
import { Facts, frozen, Outcome, subjectOf } from "./result/outcome.js";
import { type Name, Results } from "./result/results.js";
import type {
  Claims,
  ExecutionContextLike,
  JoseHeader,
  Policy,
  Verified,
  Verifier,
} from "./result/verified.js";

type Handler = (
  request: Request,
  env: unknown,
  ctx: ExecutionContextLike,
  auth: Verified | null,
) => Response | Promise<Response>;

/** A token on its way. */
interface Candidate {
  readonly token: string;
  readonly length: number;
  /** What it will be remembered by; null when it will not be. */
  readonly name: Name | null;
  readonly core: Core;
  readonly now: number;
  readonly context: ExecutionContextLike | null;
}

/** A verifier over a wasm instance. Nothing is loaded or asked before the first token. */
export function verifierOver(options: VerifierOptions, instance: Instance): Verifier {
  return new TokenVerifier(options, instance);
}

const NO_POLICY = readPolicy({});

/** Whose token it was that an error refuses, where its signature held. Only events say so. */
const signers = new WeakMap<VerifyError, Pick<Verified, "issuer" | "tenant">>();

function signedBy(
  { issuer, tenant }: Pick<Verified, "issuer" | "tenant">,
  cause: unknown,
): unknown {
  if (cause instanceof VerifyError) signers.set(cause, { issuer, tenant });
  return cause;
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
    this.#issuers = issuersOf(
      this.#settings,
      this.#settings.onEvent === null ? null : (event) => this.#tell(event),
    );
    this.#results = new Results(this.#settings.resultCacheSize);
    this.#instance = instance;
    this.#vouches = this.#settings.revocation !== undefined || this.#settings.check !== undefined;
  }

  async verify(token: string, ctx?: ExecutionContextLike): Promise<Verified> {
    try {
      const passing = this.#pass(token, ctx ?? null);
      return this.#verified(passing instanceof Promise ? await passing : passing);
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
    return explainWith(core, token, {
      settings: this.#settings,
      nobody: this.#issuers.nobody,
      issuer: (name) => this.#issuerNamed(name),
      keys: (issuer, alg, kid, now) =>
        issuer.keys.find(alg, kid, { core, now, context: null, scope: promiseScope(null) }),
      vouch: (claims, header, issuer) => this.#vouch(claims, header, issuer),
      errorOf: (cause) => this.#errorOf(cause),
    });
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
    const passing = this.#pass(token, context);
    const auth = passing instanceof Promise ? await passing : passing;
    try {
      if (policy.roleMap !== undefined) auth.grant(permissionsOf(auth.roles, policy.roleMap));
      await enforce(policy, auth, request, this.#settings);
    } catch (cause) {
      throw signedBy(auth, cause);
    }
    return auth;
  }

  #verified(auth: Outcome): Outcome {
    const { issuer, cached, tenant } = auth;
    this.#tell({ type: "verified", issuer, cached, tenant });
    return auth;
  }

  #refused(cause: unknown): VerifyError {
    const error = this.#errorOf(cause);
    const { code, category } = error;
    const { issuer = null, tenant = null } = signers.get(error) ?? {};
    this.#tell({ type: "refused", code, category, issuer, tenant });
    return error;
  }

  /** What anything that went wrong is for the caller: a VerifyError, never anything else. */
  #errorOf(cause: unknown): VerifyError {
    // A trap, or a stack that ran out: the instance may be in any state.
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError)
      this.#instance.discard();
    return cause instanceof VerifyError ? cause : new VerifyError("runtime.failed", { cause });
  }

  async #core(): Promise<Core> {
    return this.#instance.current() ?? this.#instance.load();
  }

  /** At once where nothing has to be waited for: a token that passed before, in most cases. */
  #pass(token: string, context: ExecutionContextLike | null): Outcome | Promise<Outcome> {
    const now = readClock(this.#settings.clock);
    const core = this.#instance.current();
    if (core === null) return this.#instance.load().then(() => this.#pass(token, context));
    if (typeof token !== "string") throw new VerifyError("token.malformed");
    // Longer in characters is longer in bytes: no need to carry it over.
    if (token.length > this.#settings.maxTokenBytes) throw new VerifyError("token.too_large");
    const length = core.take(token);
    const name = this.#results.nameOf(core, length);
    const facts = name === null ? null : this.#results.find(name);
    const candidate = { token, length, name, core, now, context };
    const passing = facts === null ? this.#fresh(candidate) : this.#again(facts, candidate);
    return this.#vouches ? this.#vouched(passing) : passing;
  }

  /**
   * A token that passed before. If its keys or its issuer are no longer those, its signature has to
   * be looked at again.
   */
  #again(facts: Facts, candidate: Candidate): Outcome | Promise<Outcome> {
    const held = this.#issuers.areKnown ? facts.issuer.keys.peek(candidate.now) : null;
    return held?.set === facts.set
      ? this.#hit(facts, candidate, held, candidate.now)
      : this.#againSlowly(facts, candidate);
  }

  async #againSlowly(facts: Facts, candidate: Candidate): Promise<Outcome> {
    const { issuer } = facts;
    const { core, token, now } = candidate;
    if (this.#issuers.areKnown || (await this.#issuers.named(issuer.settings.issuer)) === issuer) {
      const held = issuer.keys.peek(now) ?? (await issuer.keys.current(callOf(candidate)));
      if (held.set === facts.set) return this.#hit(facts, candidate, held, this.#nowOf(issuer));
    }
    // While that was awaited, the wasm may have taken in another one.
    core.take(token);
    return this.#fresh(candidate);
  }

  #hit(facts: Facts, { core, token, name }: Candidate, held: Held, now: number): Outcome {
    core.follow(facts.issuer.rules);
    if (!core.alive(facts.expires, facts.notBefore, facts.issued, now / 1000)) {
      if (name !== null) this.#results.forget(name);
      throw signedBy(facts.issuer.settings, new VerifyError(core.code()));
    }
    if (facts.isNew) {
      const refusal = refusalFor(this.#read(core, core.take(token), facts.issuer, now), core);
      if (refusal !== null) throw signedBy(facts.issuer.settings, refusal);
      facts.keep(core.claims());
    }
    return new Outcome(facts, held, now, null);
  }

  /** A token whose signature has to be looked at. The wasm has just taken it in. */
  #fresh(candidate: Candidate): Outcome | Promise<Outcome> {
    const { core, token, length, name, now } = candidate;
    const known = this.#issuers.areKnown ? this.#headers.find(token) : null;
    const issuer = known?.issuer ?? this.#issuers.known[0] ?? null;
    const verdict = this.#read(core, length, issuer, now, known?.algorithm);
    const held = known?.issuer.keys.peek(now);
    if (known === null || verdict === FOREIGN || known.set !== held?.set)
      return this.#freshSlowly(candidate);
    const refusal = refusalFor(verdict, core);
    const facts = new Facts(core, known.issuer, known.set, known.header, known.key.description);
    const claims = core.claims();
    return known.key.verify(core.taken(token.lastIndexOf(".")), core.signature(), (holds) => {
      if (!holds) throw new VerifyError("signature.invalid");
      if (refusal !== null) throw signedBy(known.issuer.settings, refusal);
      if (name !== null) this.#results.remember(name, facts);
      return new Outcome(facts, held, now, claims);
    });
  }

  /**
   * The first token with a header: its keys may have to be fetched, and several may have to be
   * tried. The wasm has just taken it in.
   */
  async #freshSlowly(candidate: Candidate): Promise<Outcome> {
    const { core, token, length, name, now } = candidate;
    let issuer = this.#issuers.known[0] ?? null;
    if (this.#read(core, length, issuer, now) === FOREIGN) {
      const found = this.#issuerNamed(core.issuer());
      issuer = found instanceof Promise ? await found : found;
      core.take(token);
      this.#read(core, length, issuer, now);
    }
    if (issuer === null) throw new VerifyError("claim.iss");
    const algorithm = core.algorithm();
    const alg = ALGORITHMS[algorithm] ?? "";
    const kid = core.kid() ?? null;
    const header = frozen(JSON.parse(core.header()) as JoseHeader);
    if ((issuer.settings.algorithms & (1 << algorithm)) === 0)
      throw new VerifyError("alg.not_allowed");
    // Copies of its own: while it waits, others use the wasm's memory.
    const bytes = core.taken(token.lastIndexOf(".")).slice();
    const signature = core.signature().slice();
    const { held, keys } = await issuer.keys.find(alg, kid, callOf(candidate));
    const key = await verificationKeyAmong(keys, alg, bytes, signature);

    const later = this.#nowOf(issuer);
    core.take(token);
    const refusal = refusalFor(this.#read(core, length, issuer, later), core);
    if (refusal !== null) throw signedBy(issuer.settings, refusal);
    const facts = new Facts(core, issuer, held.set, header, key.description);
    const claims = core.claims();
    if (keys.length === 1 && this.#issuers.areKnown) {
      this.#headers.remember({
        part: headerPartOf(token),
        header,
        algorithm,
        issuer,
        set: held.set,
        key,
      });
    }
    if (name !== null) this.#results.remember(name, facts);
    return new Outcome(facts, held, later, claims);
  }

  /**
   * Reads the token that was taken in, by the rules of an issuer; without one every token is
   * foreign.
   */
  #read(core: Core, length: number, issuer: Issuer | null, now: number, known?: number): number {
    const verdict = core.read(issuer?.rules ?? this.#issuers.nobody, length, now / 1000, known);
    if (verdict === UNFIT) throw new VerifyError(core.code());
    return verdict;
  }

  /** The moment at which a token of the issuer is judged, whose signature held. */
  #nowOf(issuer: Issuer): number {
    try {
      return readClock(this.#settings.clock);
    } catch (cause) {
      throw signedBy(issuer.settings, cause);
    }
  }

  #issuerNamed(name: string | undefined): Issuer | Promise<Issuer> {
    if (name === undefined || name === "") throw new VerifyError("claim.iss");
    return this.#issuers.named(name);
  }

  async #vouched(passing: Outcome | Promise<Outcome>): Promise<Outcome> {
    const outcome = await passing;
    try {
      await this.#vouch(outcome.claims, outcome.header, outcome.issuer);
    } catch (cause) {
      throw signedBy(outcome, cause);
    }
    return outcome;
  }

  /**
   * What can change from one use of a token to the next: revocation, and the application's own
   * mind.
   */
  async #vouch(claims: Claims, header: JoseHeader, issuer: string): Promise<void> {
    const { revocation, check } = this.#settings;
    if (revocation !== undefined) {
      let revoked: unknown;
      try {
        revoked = await revocation.isRevoked(subjectOf(claims, issuer));
      } catch (cause) {
        throw new VerifyError("revocation.unavailable", { cause });
      }
      if (revoked === true) throw new VerifyError("token.revoked");
      if (revoked !== false) throw new VerifyError("revocation.unavailable");
    }
    if (check === undefined) return;
    let answer: unknown;
    try {
      answer = await check(claims, header);
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

/** What a search for keys has to know. */
function callOf({ core, now, context }: Candidate): Call {
  return { core, now, context, scope: promiseScope(context) };
}

/** Nothing but a good verdict lets a token pass. */
function refusalFor(verdict: number, core: Core): VerifyError | null {
  if (verdict === GOOD) return null;
  return new VerifyError(verdict === FOREIGN ? "claim.iss" : core.code());
}
