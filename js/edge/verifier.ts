// The verifier: what follows on what. The rules are the wasm's, the signatures the platform's, the keys key-sets.ts's; here they are
// put in order, and everything that goes wrong becomes a VerifyError.

import { bearerToken, forwarded } from "./bearer.js";
import { bytesOf, type Key, payloadPart, signerAmong, signingInput } from "./crypto.js";
import { VerifyError } from "./error.js";
import { explainWith, type Finding } from "./explain.js";
import type { Core, Instance } from "./instance.js";
import { type Issuer, type Issuers, issuersOf } from "./issuers.js";
import type { Call, Held } from "./key-sets.js";
import { readClock, readSettings, SEPARATOR, type Settings } from "./options.js";
import type { VerifierEvent, VerifierOptions } from "./option-types.js";
import { type Facts, factsOf, frozen, own, verified } from "./outcome.js";
import { checkPolicy, enforce, permissionsOf } from "./policy.js";
import { type Name, type Result, Results } from "./results.js";
import { promiseScope } from "./scope.js";
import type { ExecutionContextLike, JoseHeader, Policy, Verified, Verifier } from "./verified.js";

/** Every algorithm there is, for when the issuer decides. */
const ALL = ["RS", "PS", "ES", "HS"].flatMap((family) => ["256", "384", "512"].map((size) => family + size)).concat("EdDSA").join(SEPARATOR);

type Handler = (request: Request, env: unknown, ctx: ExecutionContextLike, auth: Verified | null) => Response | Promise<Response>;

interface Header {
  readonly part: string;
  readonly alg: string;
  readonly kid: string | null;
  readonly header: JoseHeader;
}

/** A token that passed, with the set that says so. */
interface Passed {
  readonly facts: Facts;
  readonly held: Held;
  readonly cached: boolean;
}

/** A verifier over a wasm instance. Nothing is loaded or asked before the first token. */
export function verifierOver(options: VerifierOptions, instance: Instance): Verifier {
  return new TokenVerifier(options, instance);
}

class TokenVerifier implements Verifier {
  readonly #instance: Instance;
  readonly #settings: Settings;
  readonly #issuers: Issuers;
  readonly #allowed: string;
  readonly #results: Results;
  readonly #vouches: boolean;
  #header: Header | null = null;

  constructor(options: VerifierOptions, instance: Instance) {
    this.#settings = readSettings(options);
    this.#issuers = issuersOf(options.issuers, this.#settings, (event) => this.#tell(event));
    this.#allowed = this.#issuers.algorithms === null ? ALL : [...this.#issuers.algorithms].join(SEPARATOR);
    this.#results = new Results(this.#settings.resultCacheSize);
    this.#instance = instance;
    this.#vouches = this.#settings.revocation !== undefined || this.#settings.check !== undefined;
  }

  async verify(token: string, ctx?: ExecutionContextLike): Promise<Verified> {
    const { facts, held, cached } = await this.#guarded(() => this.#pass(token, ctx ?? null));
    return verified(facts, cached, held, this.#settings.clock());
  }

  async authenticate(request: Request, policy: Policy & { optional: true }, ctx?: ExecutionContextLike): Promise<Verified | null>;
  async authenticate(request: Request, policy?: Policy, ctx?: ExecutionContextLike): Promise<Verified>;
  async authenticate(request: Request, policy: Policy = {}, ctx?: ExecutionContextLike): Promise<Verified | null> {
    return this.#guarded(async () => {
      checkPolicy(policy);
      const token = bearerToken(request);
      if (token === null && policy.optional === true) return null;
      if (token === null) throw new VerifyError("request.missing");
      const { facts, held, cached } = await this.#pass(token, ctx ?? null);
      const { clock, clockTolerance } = this.#settings;
      const now = readClock(clock);
      const plain = verified(facts, cached, held, now);
      const auth = policy.roleMap === undefined ? plain : verified(facts, cached, held, now, permissionsOf(plain.roles, policy));
      await enforce(policy, auth, request, now / 1000, clockTolerance);
      return auth;
    });
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
    await this.#guarded(async () => {
      const core = await this.#core();
      const call = { core, now: readClock(this.#settings.clock), context: null, scope: promiseScope(null) };
      await Promise.all(this.#issuers.known.map((issuer) => issuer.keys.current(call)));
    });
  }

  async explain(token: string): Promise<readonly Finding[]> {
    const core = await this.#core();
    return explainWith(core, token, {
      settings: this.#settings,
      allowed: this.#allowed,
      issuer: () => this.#issuerOf(core),
      keys: (issuer, alg, kid, now) => issuer.keys.find(alg, kid, { core, now, context: null, scope: promiseScope(null) }),
      vouch: (facts) => this.#vouch(facts),
    });
  }

  /** Rejects with VerifyError, never with anything else. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const error = cause instanceof VerifyError ? cause : this.#failed(cause);
      this.#tell({ type: "refused", code: error.code, category: error.category });
      throw error;
    }
  }

  #failed(cause: unknown): VerifyError {
    // A trap, or a stack that ran out: the instance may be in any state.
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError) this.#instance.discard();
    return new VerifyError("runtime.failed", { cause });
  }

  async #core(): Promise<Core> {
    return this.#instance.current() ?? this.#instance.load();
  }

  async #pass(token: string, context: ExecutionContextLike | null): Promise<Passed> {
    const now = readClock(this.#settings.clock);
    const core = this.#instance.current() ?? (await this.#instance.load());
    if (typeof token !== "string") throw new VerifyError("token.malformed");
    const call = { core, now, context, scope: promiseScope(context) };
    // Longer in characters is longer in bytes: no need to carry it over.
    if (token.length > this.#settings.maxTokenBytes) throw new VerifyError("token.too_large");
    const bytes = bytesOf(token);
    core.take(bytes);
    const name = this.#results.nameOf(core, token);
    const result = name === null ? null : this.#results.find(name);
    const passed = (result === null || name === null ? null : await this.#again(result, name, call)) ?? (await this.#fresh(token, bytes, name, call, result !== null));
    if (this.#vouches) await this.#vouch(passed.facts);
    this.#tell({ type: "verified", issuer: passed.facts.issuer, cached: passed.cached });
    return passed;
  }

  /** A token that passed before; null when its signature has to be looked at again. */
  async #again({ issuer, set, facts }: Result, name: Name, call: Call): Promise<Passed | null> {
    const { clockTolerance, maxTokenAge, clock } = this.#settings;
    if (this.#issuers.algorithms === null && (await this.#issuers.named(facts.issuer)) !== issuer) return null;
    const held = issuer.keys.peek(call.now) ?? (await issuer.keys.current(call));
    if (held.set !== set) return null;
    const date = (name: string) => own(facts.claims, name, "number") ?? Number.NaN;
    const late = call.core.alive(date("exp"), date("nbf"), date("iat"), readClock(clock) / 1000, clockTolerance, maxTokenAge);
    if (late === undefined) return { facts, held, cached: true };
    this.#results.forget(name);
    throw new VerifyError(late);
  }

  async #fresh(token: string, bytes: Uint8Array<ArrayBuffer>, name: Name | null, call: Call, waited: boolean): Promise<Passed> {
    const { core } = call;
    const { profile, maxTokenBytes, clock, clockTolerance, maxTokenAge, requiredClaims, allowNoExpiry } = this.#settings;
    // Another request may have been here meanwhile.
    if (waited) core.take(bytes);
    refuseFor(core.read(maxTokenBytes, profile, this.#allowed));
    const { alg, kid, header } = this.#headerOf(core, token);
    // A copy of its own: wasm memory can move while the platform is at work.
    const signature = core.signature() as Uint8Array<ArrayBuffer>;
    const found = this.#issuerOf(core);
    const issuer = found instanceof Promise ? await found : found;
    const { settings, keys } = issuer;
    if (!settings.algorithms.has(alg)) throw new VerifyError("alg.not_allowed");

    const { held, keys: candidates } = keys.peekFor(alg, kid, call.now) ?? (await keys.find(alg, kid, call));
    const key: Key = await signerAmong(candidates, held.set.cryptoKeys, alg, signature, signingInput(bytes));
    const now = readClock(clock) / 1000;
    refuseFor(core.judge(payloadPart(bytes), profile, settings.issuer, settings.audiences, requiredClaims, allowNoExpiry, now, clockTolerance, maxTokenAge));
    const facts = factsOf(core.payload(), header, alg, key, settings.issuer, settings.tenant);
    if (name !== null) this.#results.remember(name, { issuer, set: held.set, facts });
    return { facts, held, cached: false };
  }

  /** The header of the token that the wasm has just read. Most tokens have that of the one before. */
  #headerOf(core: Core, token: string): Header {
    const part = token.slice(0, token.indexOf("."));
    if (this.#header?.part === part) return this.#header;
    const header = frozen(JSON.parse(core.header() ?? "{}") as JoseHeader);
    return (this.#header = { part, alg: core.alg() ?? "", kid: core.kid() ?? null, header });
  }

  /** Whose token it says it is; of the one that the wasm has just read. */
  #issuerOf(core: Core): Issuer | Promise<Issuer> {
    const [only, another] = this.#issuers.known;
    if (only !== undefined && another === undefined && core.issuedBy(only.settings.issuer) === true) return only;
    const name = core.issuer();
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
    try {
      this.#settings.onEvent(event);
    } catch {
      // Listening changes nothing.
    }
  }
}

function refuseFor(code: string | undefined): void {
  if (code !== undefined) throw new VerifyError(code);
}
