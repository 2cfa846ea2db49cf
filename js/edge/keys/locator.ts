// What a locator of `tokenkeep/discovery` borrows of the verifier. A locator opens the source of an
// issuer's keys and brings the code for it; without one, nobody carries that code.

import type { invalidOption } from "../options/invalid.js";
import type { integer, JwksSettings, listOfTexts, readMembers } from "../options/read.js";
import type { KeyLocator } from "../options/types.js";
import type { VerifyError } from "../request/error.js";
import type { KeyFinder, PublishedKeys } from "./key-sets.js";
import type { LeastRecent } from "./least-recent.js";
import type { RemoteSettings } from "./remote.js";

/** Its other members say what it finds, as JSON: two locators that find the same look the same. */
export interface Locator extends KeyLocator {
  /** @throws {VerifyError} config_invalid */
  open(means: Means): KeyFinder;
}

/**
 * For one issuer of a verifier. Its names are known to two bundles: none may be among those that
 * scripts/lib/bundle.mjs shortens.
 */
export interface Means {
  readonly issuer: string;
  readonly jwks: JwksSettings;
  /**
   * An address that may be asked.
   *
   * @throws {VerifyError} config_invalid for another one
   */
  addressOf(given: unknown): URL;
  /**
   * The keys that are published at an address. `otherwise`: what differs from the usual settings.
   * `remotes`: where they are kept, if not among those of all issuers.
   */
  keysAt(
    uri: string,
    otherwise?: Partial<RemoteSettings>,
    remotes?: LeastRecent<unknown>,
  ): PublishedKeys;
  /**
   * The keys that are published at an address which is published itself: `otherwise.decode` finds
   * it in the answer.
   */
  keysBehind(uri: string, otherwise: Partial<JwksSettings>): KeyFinder;
  /** What all issuers have in common under this name. */
  shared<T>(name: string, make: () => T): T;
  now(): number;
  readonly integer: typeof integer;
  readonly invalidOption: typeof invalidOption;
  readonly LeastRecent: typeof LeastRecent;
  readonly listOfTexts: typeof listOfTexts;
  readonly readMembers: typeof readMembers;
  readonly VerifyError: typeof VerifyError;
}
