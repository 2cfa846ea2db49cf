// Proofs that were used, in Durable Objects: one for each key, near its client. An object looks at
// one proof after the other, so that of equal ones exactly one is the first.

import { methodsIn } from "../options/read.js";
import type { ReplayStore } from "../options/store-types.js";

/** What is used of Cloudflare's `DurableObjectNamespace`. */
export interface ReplayNamespace {
  /** The object of a name. */
  idFromName(name: string): unknown;
  /** What calls it. */
  get(id: never): unknown;
}

/** What an object is asked. */
export interface Question {
  readonly name: string;
  /** Epoch seconds. */
  readonly until: number;
}

/**
 * Seconds for which a store of a fleet remembers a proof beyond its end: the clocks of its machines
 * may differ.
 */
export const APART = 60;

/**
 * Remembers proofs in Durable Objects, whichever isolate meets them: one object for each key. Their
 * class is `ReplayObject` of `tokenkeep/replay-object`, which the Worker exports.
 */
export function durableReplay(namespace: ReplayNamespace): ReplayStore {
  methodsIn("namespace", namespace, "idFromName", "get");
  return {
    async firstUse({ name, thumbprint, expiresAt }) {
      const object = namespace.get(namespace.idFromName(thumbprint) as never) as {
        fetch(url: string, init: RequestInit): Promise<Response>;
      };
      const question: Question = { name, until: expiresAt + APART };
      const init = { method: "POST", body: JSON.stringify(question) };
      const answer = await object.fetch("https://replay.invalid/", init);
      if (!answer.ok) throw new Error(`The object of a key answered ${answer.status}.`);
      return (await answer.json()) as boolean;
    },
  };
}
