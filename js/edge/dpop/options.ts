// `VerifierOptions.dpop`, and the options of `verifyProof`, checked and completed.

import type { RuleSet } from "../core.js";
import type { VerificationKey } from "../keys/crypto.js";
import { LeastRecent } from "../keys/least-recent.js";
import { isOfSecrets, readAlgorithms } from "../options/algorithms.js";
import { invalidOption } from "../options/invalid.js";
import { NO_RULES } from "../options/issuer.js";
import {
  functionIfGiven,
  integer,
  listOf,
  listOfTexts,
  methodsIn,
  readMembers,
} from "../options/read.js";
import type { ReplayStore } from "../options/store-types.js";
import type { DpopOptions } from "../options/types.js";

/** Characters that a proof has at most. */
export const LONGEST_PROOF = 4_096;

const KNOWN: readonly string[] = [
  "algorithms",
  "maxProofAge",
  "nonce",
  "replay",
  "url",
] satisfies (keyof DpopOptions)[];

export interface DpopSettings {
  /** What a challenge says of the algorithms. */
  readonly algs: string;
  readonly rules: RuleSet;
  /** Seconds that a proof is good for without a nonce, the slack included. */
  readonly window: number;
  readonly nonce: NonceSettings | null;
  /** Null: nobody remembers proofs. */
  readonly replay: ReplayStore | null;
  readonly url: DpopOptions["url"];
  /** Keys of clients, ready for use, by the text of the header in which they came. */
  readonly headers: LeastRecent<VerificationKey>;
  /** Requests whose proof was taken, with its name: a second guard judges the same request. */
  readonly admitted: WeakMap<Request, string>;
  readonly clock: () => number;
}

export interface NonceSettings {
  /** The first one signs. */
  readonly secrets: readonly Uint8Array[];
  /** Seconds. */
  readonly lifetime: number;
}

/** What the options leave open. `slack`: seconds. */
interface Means {
  readonly clock: () => number;
  readonly slack: number;
  /** Made only where no store is given. */
  readonly usualReplay: () => ReplayStore;
}

/**
 * A copy of the options, by their own members. `where`: what their names begin with.
 *
 * @throws {VerifyError} config_invalid
 */
export function readDpop(where: string, given: DpopOptions, means: Means): DpopSettings {
  const options = readMembers(where, given, KNOWN);
  const at = (name: string) => `${where}.${name}`;
  const { replay, url } = options;
  functionIfGiven(at("url"), url);
  const names = listOfTexts(at("algorithms"), options.algorithms ?? ["ES256", "EdDSA"]);
  const algorithms = readAlgorithms(at("algorithms"), names);
  if (algorithms.some(isOfSecrets)) throw invalidOption(at("algorithms"), "must not name HS*");
  if (replay !== undefined && replay !== "off") methodsIn(at("replay"), replay, "firstUse");
  const age = integer(at("maxProofAge"), options.maxProofAge, 60, 1, 600);
  const nonce = options.nonce === undefined ? null : readNonce(at("nonce"), options.nonce);
  const { clock, slack } = means;
  return {
    algs: [...new Set(names)].join(" "),
    rules: rulesOf({ algorithms, clockTolerance: slack, maxTokenAge: nonce ? null : age }),
    window: age + slack,
    nonce,
    replay: replay === "off" ? null : (replay ?? means.usualReplay()),
    url,
    headers: new LeastRecent(1_000),
    admitted: new WeakMap(),
    clock,
  };
}

function readNonce(where: string, given: NonNullable<DpopOptions["nonce"]>): NonceSettings {
  const { secret, lifetime } = readMembers(where, given, ["secret", "lifetime"]);
  const list = secret instanceof Uint8Array ? [secret] : listOf(`${where}.secret`, secret);
  const secrets = list.map((one) => {
    if (!(one instanceof Uint8Array) || one.length < 32)
      throw invalidOption(`${where}.secret`, "must be a Uint8Array of 32 bytes or more");
    return new Uint8Array(one);
  });
  if (secrets.length === 0) throw invalidOption(`${where}.secret`, "must not be empty");
  return { secrets, lifetime: integer(`${where}.lifetime`, lifetime, 300, 1, 86_400) };
}

type Rules = Pick<RuleSet, "algorithms" | "clockTolerance" | "maxTokenAge">;

/** Rules that were given lately: an authority gives the same for each proof. */
const rulesByText = new LeastRecent<RuleSet>(100);

function rulesOf(rules: Rules): RuleSet {
  return rulesByText.get(JSON.stringify(rules), () => ({
    ...NO_RULES,
    profile: "jws",
    readsPadding: false,
    maxTokenBytes: LONGEST_PROOF,
    ...rules,
  }));
}
