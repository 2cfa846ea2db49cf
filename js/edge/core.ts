// The wasm of src/edge as the verifier uses it. A token is written straight into the wasm's memory,
// and its signature and its claims are looked at there: each copy less is a microsecond less.

import type * as Wasm from "../../build/edge/edge.js";
import { type Glue, newGlue } from "../../build/edge/glue.js";
import { VerifyError, type VerifyErrorCode } from "./request/error.js";
import type { JoseHeader } from "./result/verified.js";

export type {
  Algorithm,
  Dates,
  Finding,
  KeyDescription,
  KeyDescriptions,
  NamedKeys,
  Profile,
  Proof,
  Verdict,
} from "../../build/edge/edge.js";

/** The rules by which tokens are read. An object of its own for each, which nobody changes. */
export interface RuleSet extends Wasm.RuleSet {
  readonly profile: Wasm.Profile;
}

/** What a token says of itself, with copies of its parts. Nothing of it is to be believed yet. */
export interface Opened extends Omit<Wasm.Opened, "header"> {
  readonly header: JoseHeader;
  /** What was signed (RFC 7515 section 5.2). */
  readonly signingInput: Uint8Array<ArrayBuffer>;
  /** Empty when its length alone says that it can't hold. */
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** What a DPoP proof has to be for. */
export interface ExpectedOfProof {
  readonly method: string;
  /** Origin and path. */
  readonly target: string;
  /** What `ath` has to be; undefined: it is not looked at. */
  readonly tokenHash: string | undefined;
}

/** Those of src/edge/freshness.rs. */
export type Freshness = Pick<
  Glue["api"],
  | "answered"
  | "ask"
  | "began"
  | "failed"
  | "freshFrom"
  | "freshnessOf"
  | "freshUntil"
  | "look"
  | "renewing"
  | "retryAfter"
  | "stored"
  | "usableFor"
  | "useBundled"
>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Enough for most tokens, so that it is asked for once. */
const USUAL_INPUT = 4_096;

/**
 * What the wasm does. After a trap the same object goes on with a fresh instance, and its users
 * need not know. The numbers that one instance gives mean nothing to the next: `generation` tells
 * them apart.
 */
export class Core {
  #generation = 0;
  /**
   * The functions of the present instance, generated from src/edge. In token.rs: `reserveInput`,
   * `read`, `judge`, `judgeDates`, `code`, `boundTo`, `signatureAt`, `signatureLength`,
   * `payloadAt`, `payloadLength`, `opened`, `explain`. In rules.rs: `register`. In remembered.rs:
   * `newCache`, `recall`, `begin`, `goByInside`, `remember`. In introspection.rs: `isOpaque`,
   * `judgeAnswer`. In keys.rs: `namedKeys`, `hashOfKid`, `describeKeys`. In proof.rs: `readProof`,
   * `tokenHash`, `makeNonce`, `nonceIssuedAt`. In jwe.rs: `readEncrypted`, `isSame`. In
   * freshness.rs: those of `Freshness`.
   */
  #wasm!: Glue["api"];
  #memory!: WebAssembly.Memory;
  /** Where a token is written. Memory that grows detaches it, and it is empty then. */
  #input = new Uint8Array(0);
  #inputAt = 0;
  /** The token that was written last, and how many bytes it has: none if it is not ASCII. */
  #token: string | null = null;
  #length = 0;
  /** The cache in which it was looked for, before anything else was done with it; null for none. */
  #recalledIn: number | null = null;
  #isRead = false;
  #numbers = new WeakMap<RuleSet, number>();

  constructor(module: WebAssembly.Module) {
    this.renew(module);
  }

  get generation(): number {
    return this.#generation;
  }

  /** The rules that say when a key set counts: src/verify/freshness.rs. */
  get freshness(): Freshness {
    return this.#wasm;
  }

  /** Goes on with a fresh instance. */
  renew(module: WebAssembly.Module): void {
    const { api, imports, start } = newGlue();
    const { exports } = new WebAssembly.Instance(module, imports);
    start(exports);
    this.#wasm = api;
    // By its type: the build gives exports short names.
    const isMemory = (one: unknown) => one instanceof WebAssembly.Memory;
    this.#memory = Object.values(exports).find(isMemory) as WebAssembly.Memory;
    this.#generation += 1;
    this.#input = new Uint8Array(0);
    this.#token = null;
    this.#numbers = new WeakMap();
  }

  /**
   * The place of a token in a cache, if its signature was found to hold before and its dates are
   * good still; `now` in seconds.
   */
  recall(cache: number, token: string, now: number): number | undefined {
    // Often several requests in a row bring one token: to compare it costs less than to hash it.
    const isSame = cache === this.#recalledIn && isEqual(token, this.#token);
    if (!isSame) this.#write(token);
    this.#recalledIn = cache;
    this.#isRead = false;
    return this.#wasm.recall(cache, this.#length, now, isSame);
  }

  /**
   * Reads a token by some rules and judges it; `now` in seconds. `passed` is the algorithm of a
   * header that has passed under them before.
   */
  read(rules: RuleSet, token: string, now: number, passed?: Wasm.Algorithm): Wasm.Verdict {
    if (token !== this.#token) this.#write(token);
    this.#isRead = true;
    const number = this.#numbers.get(rules) ?? this.#register(rules);
    const isRecalled = this.#recalledIn !== null;
    return (
      this.#wasm.read(number, this.#length, now, passed, isRecalled) ??
      certain(this.#wasm.read(this.#register(rules), this.#length, now, passed, isRecalled))
    );
  }

  /** Judges the claims of the token that was read last by other rules. */
  judge(rules: RuleSet, now: number): Wasm.Verdict {
    return this.#by(rules, (number) => this.#wasm.judge(number, now));
  }

  /** Judges the dates of a token that was read before. */
  judgeDates(rules: RuleSet, dates: Wasm.Dates, now: number): Wasm.Verdict {
    return this.#by(rules, (number) => this.#wasm.judgeDates(number, dates, now));
  }

  /** The code of the last refusal. */
  code(): VerifyErrorCode {
    return this.#wasm.code() as VerifyErrorCode;
  }

  /**
   * The thumbprint of the key that the token is bound to that was read last; null for none, and for
   * a `cnf` that says anything else.
   */
  boundTo(): string | null {
    return this.#wasm.boundTo() ?? null;
  }

  /**
   * Reads a DPoP proof, which takes the place of the token: its signing input and its signature are
   * found as those of a token are. `now` in seconds. `passed`: the thumbprint in a header that
   * passed under these rules before. Throws a `ProofRefusal`.
   */
  readProof(
    rules: RuleSet,
    proof: string,
    expected: ExpectedOfProof,
    now: number,
    passed: string | undefined,
  ): Wasm.Proof {
    const { method, target, tokenHash } = expected;
    this.#write(proof);
    return this.#by(rules, (number) =>
      this.#wasm.readProof(number, this.#length, now, method, target, tokenHash, passed),
    );
  }

  /** What `ath` says of a token. */
  tokenHash(token: string): string {
    return this.#wasm.tokenHash(token);
  }

  /** A nonce that is given out `now`, in seconds. */
  makeNonce(secret: Uint8Array, now: number): string {
    return this.#wasm.makeNonce(secret, now);
  }

  /** When a nonce was given out with this secret, if it is good `now`. All in seconds. */
  nonceIssuedAt(nonce: string, secret: Uint8Array, now: number, lifetime: number) {
    return this.#wasm.nonceIssuedAt(nonce, secret, now, lifetime);
  }

  /**
   * The signing input of the token that was written last. Like the signature and the payload it
   * lies in the wasm's memory: it is good until something is awaited or the wasm is called again.
   */
  signingInput(token: string): Uint8Array<ArrayBuffer> {
    // Not of `#input`: memory may have grown while the token was read.
    return this.#view(this.#inputAt, token.lastIndexOf("."));
  }

  /** Of the token that was read last; empty when its length alone says that it can't hold. */
  signature(): Uint8Array<ArrayBuffer> {
    return this.#view(this.#wasm.signatureAt(), this.#wasm.signatureLength());
  }

  payload(): Uint8Array<ArrayBuffer> {
    return this.#view(this.#wasm.payloadAt(), this.#wasm.payloadLength());
  }

  /** The claims of the token that was read last: JSON text, checked. */
  claims(): string {
    return decoder.decode(this.payload());
  }

  /** The token that was read last and not found unfit, for those who have to wait for something. */
  opened(token: string): Opened {
    const found = certain(token === this.#token && this.#isRead ? this.#wasm.opened() : undefined);
    return {
      ...found,
      header: JSON.parse(found.header) as JoseHeader,
      signingInput: this.signingInput(token).slice(),
      signature: this.signature().slice(),
      payload: this.payload().slice(),
    };
  }

  /** Every rule for the claims of a payload, with its outcome. */
  explain(rules: RuleSet, payload: Uint8Array, now: number): readonly Wasm.Finding[] {
    return this.#by(rules, (number) => this.#wasm.explain(number, payload, now));
  }

  /** Whether a token that was read last, and found unfit, has the shape of an opaque one. */
  isOpaque(token: string): boolean {
    return token === this.#token && this.#wasm.isOpaque(this.#length);
  }

  /**
   * Judges an issuer's answer about the token that was recalled last. The call `began` and has
   * ended `now`; a good answer is believed for `lifetime` at most: all in seconds. The token can be
   * remembered then, unless this is "unfit", and no answer.
   */
  judgeAnswer(
    rules: RuleSet,
    answer: Uint8Array,
    began: number,
    now: number,
    lifetime: number,
  ): Wasm.Verdict {
    this.#isRead = true;
    return this.#by(rules, (number) =>
      this.#wasm.judgeAnswer(number, answer, began, now, lifetime),
    );
  }

  /** A cache for so many tokens. */
  newCache(most: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = crypto.getRandomValues(new Uint32Array(4));
    return this.#wasm.newCache(most, a, b, c, d);
  }

  /**
   * The number of a verification of a token that was recalled and then read by these rules. Null
   * for a token that was not; undefined when the cache is gone.
   */
  begin(cache: number, rules: RuleSet, token: string): number | null | undefined {
    if (token !== this.#token || cache !== this.#recalledIn || !this.#isRead) return null;
    return this.#wasm.begin(cache, this.#numbers.get(rules) ?? this.#register(rules));
  }

  /**
   * Has the verification of an encrypted token go by the token inside, which was read last by these
   * rules.
   */
  goByInside(begun: number, rules: RuleSet): void {
    this.#wasm.goByInside(begun, this.#numbers.get(rules) ?? this.#register(rules));
  }

  /** Remembers the token of such a verification; its place in the cache, if it has one. */
  remember(begun: number): number | undefined {
    return this.#wasm.remember(begun);
  }

  /**
   * The keys of a set that bear a `kid`. The set takes the place of the token. Throws a
   * `KeySetRefusal`.
   */
  namedKeys(set: Uint8Array): Wasm.NamedKeys {
    this.#reserve(set.length);
    this.#input.set(set);
    this.#token = null;
    return this.#wasm.namedKeys(set.length);
  }

  /** What `namedKeys` has for a `kid`; another one may have the same. */
  hashOfKid(kid: string): number {
    return this.#wasm.hashOfKid(kid);
  }

  /** All keys of the text of a set. Throws a `KeySetRefusal`. */
  describeKeys(set: string, isGiven: boolean): Wasm.KeyDescriptions {
    return this.#wasm.describeKeys(set, isGiven);
  }

  /** The parts of an encrypted token that keeps the rules. undefined: it is refused. */
  readEncrypted(
    token: string,
    keyManagement: readonly string[],
    contentEncryption: readonly string[],
    isNested: boolean,
    longest: number,
  ): Wasm.Encrypted | undefined {
    if (token !== this.#token) this.#write(token);
    return this.#wasm.readEncrypted(
      this.#length,
      [...keyManagement],
      [...contentEncryption],
      isNested,
      longest,
    );
  }

  /** Compares two sequences of bytes in a time that depends on their lengths alone. */
  isSame(some: Uint8Array, others: Uint8Array): boolean {
    return this.#wasm.isSame(some, others);
  }

  #write(token: string): void {
    this.#reserve(token.length);
    const { written } = encoder.encodeInto(token, this.#input);
    this.#token = token;
    this.#length = written === token.length ? written : 0;
    this.#recalledIn = null;
    this.#isRead = false;
  }

  #reserve(bytes: number): void {
    if (this.#input.length >= bytes) return;
    const size = Math.max(bytes, USUAL_INPUT);
    this.#inputAt = this.#wasm.reserveInput(size);
    this.#input = new Uint8Array(this.#memory.buffer, this.#inputAt, size);
  }

  #view(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, at, length);
  }

  #register(rules: RuleSet): number {
    const number = this.#wasm.register(rules.profile, rules);
    this.#numbers.set(rules, number);
    return number;
  }

  /** Asks by the number of some rules. Registers them again if the wasm has forgotten them. */
  #by<T>(rules: RuleSet, ask: (number: number) => T | undefined): T {
    const number = this.#numbers.get(rules);
    return (number === undefined ? undefined : ask(number)) ?? certain(ask(this.#register(rules)));
  }
}

/**
 * Whether two tokens are the same. Those of one issuer begin alike and differ in the signature, so
 * the end is compared first: from the beginning it would take as long as a tenth of a hit.
 */
function isEqual(token: string, other: string | null): boolean {
  if (other === null || token.length !== other.length) return false;
  const near = token.length - 3;
  return token.charCodeAt(near) === other.charCodeAt(near) && token === other;
}

/** A value that the wasm always gives. Anything else is a fault of ours. */
function certain<T>(given: T | undefined): T {
  if (given === undefined) throw new VerifyError("runtime.failed");
  return given;
}
