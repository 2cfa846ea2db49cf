// How one token is verified, in one of three ways: it was verified before (`#again`), its header is
// remembered (`#underRememberedHeader`), or neither (`#cold`). The rules are the wasm's, the
// signatures the platform's, the keys those of keys/key-sets.ts. Only the last way has to wait. It
// finds out, too, that a token is no JWT: of an opaque one its issuer is asked (introspector.ts).

import type { Algorithm, Core, Verdict } from "./core.js";
import type { Decrypter } from "./encryption.js";
import type { Instance } from "./instance.js";
import type { Introspection } from "./introspector.js";
import { tenantFor, type VerificationKey, verificationKeyAmong } from "./keys/crypto.js";
import type { Call, LoadedSet } from "./keys/remote.js";
import { promiseScope } from "./keys/scope.js";
import { type Issuer, type Issuers, keysFor } from "./options/issuers.js";
import { isPromise } from "./options/own.js";
import { readClock, type Settings } from "./options/read.js";
import type { RevocationStore } from "./options/store-types.js";
import { VerifyError } from "./request/error.js";
import { subjectOf } from "./result/claim-paths.js";
import { headerPartOf, type RememberedHeader, RememberedHeaders } from "./result/headers.js";
import { Facts, factsOf, frozen, issuerOf, Outcome, own } from "./result/outcome.js";
import { refusalOf } from "./result/owner.js";
import { type Begun, RememberedTokens } from "./result/remembered.js";
import type { Claims, ExecutionContextLike, Verified } from "./result/verified.js";

/** A token on its way. */
interface Candidate {
  readonly token: string;
  readonly core: Core;
  readonly now: number;
  readonly context: ExecutionContextLike | null;
  /** Whether its issuer is asked now, whatever is remembered. */
  readonly isFresh: boolean;
  /** It was inside an encrypted token. */
  readonly wasEncrypted: boolean;
  /** The verification of that token, which may be remembered. */
  readonly outside: Begun<Facts> | null;
}

export class Verification {
  readonly #settings: Settings;
  readonly #issuers: Issuers;
  readonly #instance: Instance;
  readonly #introspection: Introspection | null;
  readonly #remembered: RememberedTokens<Facts>;
  readonly #headers = new RememberedHeaders();
  readonly #hasLiveChecks: boolean;

  constructor(
    settings: Settings,
    issuers: Issuers,
    instance: Instance,
    introspection: Introspection | null,
  ) {
    this.#settings = settings;
    this.#issuers = issuers;
    this.#instance = instance;
    this.#introspection = introspection;
    this.#remembered = new RememberedTokens(settings.resultCacheSize);
    this.#hasLiveChecks =
      settings.revocation !== undefined ||
      settings.check !== undefined ||
      !issuers.isList ||
      issuers.listed.some(({ check }) => check !== undefined);
  }

  /** At once where nothing has to be waited for: a token that passed before, in most cases. */
  outcomeOf(
    token: string,
    context: ExecutionContextLike | null,
    isFresh = false,
  ): Outcome | Promise<Outcome> {
    const now = readClock(this.#settings.clock);
    const core = this.#instance.current();
    if (core === null)
      return this.#instance.load().then(() => this.outcomeOf(token, context, isFresh));
    if (typeof token !== "string") throw new VerifyError("token.malformed");
    // Longer in characters is longer in bytes: no need to carry it over.
    if (token.length > this.#settings.maxTokenBytes) throw new VerifyError("token.too_large");
    const candidate = { token, core, now, context, isFresh, wasEncrypted: false, outside: null };
    const facts = this.#remembered.recall(core, token, now / 1000);
    const outcome = facts === null ? this.#verified(candidate) : this.#again(facts, candidate);
    const checked = this.#hasLiveChecks ? this.#withLiveChecks(outcome) : outcome;
    return isFresh ? this.#freshly(checked, candidate) : checked;
  }

  /** A token that passed before. Its signature is verified again if its key set has changed. */
  #again(facts: Facts, candidate: Candidate): Outcome | Promise<Outcome> {
    const loaded = this.#issuers.isList ? facts.keys.peek(candidate.now) : null;
    return loaded?.set === facts.set
      ? this.#hit(facts, candidate, loaded)
      : this.#againLater(facts, candidate);
  }

  async #againLater(facts: Facts, candidate: Candidate): Promise<Outcome> {
    const { issuer, keys } = facts;
    const { core, token, now } = candidate;
    if (!this.#issuers.isList && (await this.#issuers.named(issuer.settings.issuer)) !== issuer)
      return this.#verified(candidate);
    const loaded = keys.peek(now) ?? (await keys.current(callOf(candidate)));
    // Its dates are judged by the time that it is now.
    const later = { ...candidate, now: this.#nowOf(issuer) };
    const still = this.#remembered.recall(core, token, later.now / 1000);
    return still === facts && loaded?.set === facts.set
      ? this.#hit(facts, later, loaded)
      : this.#verified(later);
  }

  #hit(facts: Facts, { core, token, now }: Candidate, loaded: LoadedSet): Outcome {
    if (facts.isNew) {
      const { rules, settings } = facts.issuer;
      const refusal = refusalFor(this.#read(core, rules, token, now, facts.algorithm), core);
      if (refusal !== null) throw refusalOf(settings, refusal);
      facts.keep(core.claims());
    }
    return new Outcome(facts, loaded, now, null);
  }

  /** A token whose signature has to be looked at. */
  #verified(candidate: Candidate): Outcome | Promise<Outcome> {
    const remembered = this.#issuers.isList ? this.#headers.find(candidate.token) : null;
    const loaded = remembered?.keys.peek(candidate.now);
    if (remembered === null || remembered.set !== loaded?.set) return this.#cold(candidate);
    return this.#underRememberedHeader(candidate, remembered, loaded) ?? this.#cold(candidate);
  }

  /** Null for a token by another issuer than that of the header. */
  #underRememberedHeader(
    candidate: Candidate,
    remembered: RememberedHeader,
    loaded: LoadedSet,
  ): Outcome | Promise<Outcome> | null {
    const { core, token, now } = candidate;
    const { issuer, keys, set, key, header } = remembered;
    const read = core.read(issuer.rules, token, now / 1000, remembered.algorithm);
    if (read === "foreign" || this.#decrypterFor(candidate, read) !== null) return null;
    const verdict = fit(read, core);
    if (!candidate.wasEncrypted) checkEncryption(issuer, false);
    const refusal = refusalFor(verdict, core);
    const begun = refusal === null ? this.#begin(candidate, issuer) : null;
    const claims = core.claims();
    const boundTo = this.#boundTo(core);
    return key.verify(core.signingInput(token), core.signature(), (holds) => {
      if (!holds) throw new VerifyError("signature.invalid");
      if (refusal !== null) throw refusalOf(issuer.settings, refusal);
      const { algorithm } = remembered;
      const facts = new Facts(issuer, keys, set, header, algorithm, key.description, boundTo);
      const outcome = new Outcome(facts, loaded, now, claims);
      checkTenant(key, outcome);
      if (begun !== null) this.#remembered.remember(core, begun, facts);
      return outcome;
    });
  }

  /**
   * A token under a new header: its keys may have to be fetched, and several may have to be tried.
   * It is read once; what is needed of it later is copied before anything is awaited.
   */
  async #cold(candidate: Candidate): Promise<Outcome> {
    const { core, token, now, context, isFresh, wasEncrypted } = candidate;
    let issuer = this.#issuers.listed[0] ?? null;
    const rules = issuer?.rules ?? this.#issuers.unmatchedRules;
    let verdict = core.read(rules, token, now / 1000);
    if (verdict === "unfit" && !wasEncrypted) {
      if (this.#introspection !== null && core.isOpaque(token))
        return this.#introspection.outcomeOf(token, core, context, isFresh);
      const decrypter = this.#decrypterFor(candidate, verdict);
      if (decrypter !== null) return this.#encrypted(candidate, decrypter);
    }
    fit(verdict, core);
    const opened = core.opened(token);
    const { algorithm, kid } = opened;
    const header = frozen(opened.header);
    if (verdict === "foreign") {
      const found = issuerNamed(this.#issuers, opened.issuer);
      if (isPromise(found)) {
        issuer = await found;
        // The resolver was waited for: others have used the wasm.
        this.#remembered.recall(core, token, now / 1000);
        verdict = this.#read(core, issuer.rules, token, now);
      } else {
        issuer = found;
        verdict = fit(core.judge(issuer.rules, now / 1000), core);
      }
    }
    if (issuer === null) throw new VerifyError("claim.iss");
    if (!candidate.wasEncrypted) checkEncryption(issuer, false);
    const asked = keysFor(issuer, algorithm);
    const refusal = refusalFor(verdict, core);
    const begun = refusal === null ? this.#begin(candidate, issuer) : null;
    const boundTo = this.#boundTo(core);

    const { loaded, keys, source } = await asked.find(algorithm, kid, callOf(candidate));
    const { signingInput, signature, payload, dates } = opened;
    const key = await verificationKeyAmong(keys, algorithm, signingInput, signature);
    if (refusal !== null) throw refusalOf(issuer.settings, refusal);
    const later = this.#nowOf(issuer);
    const overdue = refusalFor(core.judgeDates(issuer.rules, dates, later / 1000), core);
    if (overdue !== null) throw refusalOf(issuer.settings, overdue);

    const set = loaded.set;
    const facts = new Facts(issuer, source, set, header, algorithm, key.description, boundTo);
    const outcome = new Outcome(facts, loaded, later, decoder.decode(payload));
    checkTenant(key, outcome);
    if (keys.length === 1 && this.#issuers.isList) {
      const part = headerPartOf(token);
      this.#headers.remember({ part, header, algorithm, issuer, keys: source, set, key });
    }
    if (begun !== null) this.#remembered.remember(core, begun, facts);
    return outcome;
  }

  /** The issuer of a token that has passed is asked whether it is active now. */
  async #freshly(
    checked: Outcome | Promise<Outcome>,
    { token, core, context }: Candidate,
  ): Promise<Outcome> {
    const outcome = await checked;
    // The policy was refused where there is none.
    const introspection = this.#introspection as Introspection;
    const { issuer } = introspection;
    // It was asked about an opaque one.
    if (issuerOf(outcome) === issuer) return outcome;
    try {
      if (outcome.issuer !== issuer.settings.issuer) throw new VerifyError("policy.fresh");
      await introspection.outcomeOf(token, core, context, true);
    } catch (cause) {
      throw refusalOf(outcome, cause);
    }
    return outcome;
  }

  /** What the token is bound to that was read last; undefined where nobody asks. */
  #boundTo(core: Core): string | null | undefined {
    return this.#settings.dpop === undefined ? undefined : core.boundTo();
  }

  /**
   * An encrypted token: the one inside goes the way of any other. If no signed token is inside, it
   * is refused like one that can't be decrypted.
   */
  async #encrypted(candidate: Candidate, decrypter: Decrypter): Promise<Outcome> {
    const { core, token } = candidate;
    const { maxTokenBytes } = this.#settings;
    const outside = this.#remembered.begin(core, this.#issuers.unmatchedRules, token);
    const { token: inside, confirm } = await decrypter.decrypt(token, core, maxTokenBytes);
    let outcome: Outcome;
    try {
      outcome = await this.#verified({ ...candidate, token: inside, wasEncrypted: true, outside });
    } catch (cause) {
      const isOdd = cause instanceof VerifyError && SHAPES.includes(cause.code);
      throw isOdd ? new VerifyError("token.undecryptable") : cause;
    }
    try {
      checkEncryption(issuerOf(outcome) as Issuer, true);
      confirm(outcome);
    } catch (cause) {
      throw refusalOf(outcome, cause);
    }
    if (outside !== null) this.#remembered.remember(core, outside, factsOf(outcome));
    return outcome;
  }

  /** Null for a token that is not encrypted, or that nobody is there to decrypt. */
  #decrypterFor({ core, wasEncrypted }: Candidate, verdict: Verdict): Decrypter | null {
    const { encryption = null } = this.#settings;
    if (verdict !== "unfit" || encryption === null || wasEncrypted) return null;
    return core.code() === ENCRYPTED ? encryption : null;
  }

  /** What was inside an encrypted token is remembered by the text of that one alone. */
  #begin(
    { core, token, wasEncrypted, outside }: Candidate,
    { rules }: Issuer,
  ): Begun<Facts> | null {
    if (!wasEncrypted) return this.#remembered.begin(core, rules, token);
    if (outside !== null) this.#remembered.goByInside(core, outside, rules);
    return null;
  }

  /** @throws {VerifyError} for a token that is refused whatever its signature is */
  #read(
    core: Core,
    rules: Issuer["rules"],
    token: string,
    now: number,
    passed?: Algorithm,
  ): Verdict {
    return fit(core.read(rules, token, now / 1000, passed), core);
  }

  /** The moment at which a token of the issuer is judged, whose signature held. */
  #nowOf(issuer: Issuer): number {
    try {
      return readClock(this.#settings.clock);
    } catch (cause) {
      throw refusalOf(issuer.settings, cause);
    }
  }

  async #withLiveChecks(verified: Outcome | Promise<Outcome>): Promise<Outcome> {
    const outcome = await verified;
    const issuer = issuerOf(outcome);
    try {
      if (issuer !== null) await applyLiveChecks(this.#settings.revocation, issuer, outcome);
    } catch (cause) {
      throw refusalOf(outcome, cause);
    }
    return outcome;
  }
}

const decoder = new TextDecoder();

export const ENCRYPTED = "token.encrypted_unsupported";
/** The codes of what is no signed token. */
const SHAPES: readonly string[] = [ENCRYPTED, "token.malformed", "token.too_large"];

/** @throws {VerifyError} token.not_encrypted, token.encrypted_unsupported */
export function checkEncryption({ settings: { encrypted } }: Issuer, wasEncrypted: boolean): void {
  if (encrypted === (wasEncrypted ? "refused" : "required"))
    throw new VerifyError(wasEncrypted ? ENCRYPTED : "token.not_encrypted");
}

/**
 * Checks that the key is one for the token's tenant, in a set that tenants share. Which issuer's
 * tokens the key verifies was looked at before.
 *
 * @throws {VerifyError} claim.tid
 */
export function checkTenant(
  key: VerificationKey,
  token: { issuer: string; tenant: string | null; claims: Claims },
): void {
  const tenant = tenantFor(key.issuer, token.issuer);
  if (tenant !== "" && own(token.claims, "tid", "string") !== tenant)
    throw refusalOf(token, new VerifyError("claim.tid"));
}

/** The issuer that a token names; without a name, no resolver is asked. */
export function issuerNamed(issuers: Issuers, name: string | null): Issuer | Promise<Issuer> {
  if (name === null || name === "") throw new VerifyError("claim.iss");
  return issuers.named(name);
}

/**
 * Checks what can change from one use of a token to the next: revocation, and the application's own
 * rule.
 *
 * @throws {VerifyError} token.revoked, revocation.unavailable, claim.custom, claim.sid, claim.jti
 */
export async function applyLiveChecks(
  revocation: RevocationStore | undefined,
  { check, settings }: Issuer,
  passed: Pick<Verified, "claims" | "header">,
): Promise<void> {
  if (revocation !== undefined) {
    const subject = subjectOf(passed.claims, settings);
    let revoked: unknown;
    try {
      revoked = await revocation.isRevoked(subject);
    } catch (cause) {
      throw new VerifyError("revocation.unavailable", { cause });
    }
    if (revoked === true) throw new VerifyError("token.revoked");
    if (revoked !== false) throw new VerifyError("revocation.unavailable");
  }
  if (check === undefined) return;
  let answer: unknown;
  try {
    answer = await check(passed.claims, passed.header);
  } catch (cause) {
    throw new VerifyError("claim.custom", { cause });
  }
  if (answer !== true) throw new VerifyError("claim.custom");
}

/** What a search for keys has to know. */
function callOf({ core, now, context }: Candidate): Call {
  return { core, now, context, scope: promiseScope(context) };
}

/** @throws {VerifyError} for a token that is refused whatever its signature is */
function fit(verdict: Verdict, core: Core): Verdict {
  if (verdict === "unfit") throw new VerifyError(core.code());
  return verdict;
}

/** Nothing but a good verdict lets a token pass. */
function refusalFor(verdict: Verdict, core: Core): VerifyError | null {
  if (verdict === "good") return null;
  return new VerifyError(verdict === "foreign" ? "claim.iss" : core.code());
}
