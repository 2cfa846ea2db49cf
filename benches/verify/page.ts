// The contestants inside a page of Chromium, which gets its orders from outside.

import {
  type Contestant,
  contestantsOf,
  examine,
  runOver,
  type Turn,
  tokensOf,
} from "./contestants.ts";
import type { Field } from "./field.ts";

let field: Field;
let contestants: Record<string, Contestant>;

const verification = {
  async prepare(given: Field): Promise<void> {
    field = given;
    contestants = await contestantsOf(given);
    await examine(contestants, given);
  },
  turn(turn: Turn): Promise<void> {
    return runOver(contestants[turn.who]!, tokensOf(field, turn), turn.atOnce);
  },
};

declare global {
  var verification: typeof import("./page.ts").verification;
}

globalThis.verification = verification;

export { verification };
