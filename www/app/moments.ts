// The record of what happened, as moments: the list and the score are drawn from it. This tab adds
// its own moments and hears those of its siblings. A moment says what happened and when. It never
// holds a token.

/** The kind of a moment. It decides the glyph, the colour and the weight. */
export type Kind =
  | "step" // of the engine, between the other moments
  | "signed-in"
  | "renewed"
  | "wait" // for another tab's turn to end
  | "call" // answered well
  | "refused" // answered 401, or worse
  | "retry"
  | "step-up"
  | "trouble"
  | "fault" // asked for on this page, at the servers
  | "act" // of the owner or the operator, at the servers
  | "end"; // of a session

export interface Moment {
  /** The letter of the tab that saw it. */
  readonly by: string;
  /** Where it is drawn: the tenant whose keep it happened to, or "servers". */
  readonly lane: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: Kind;
  readonly what: string;
  readonly note?: string;
  /** How many happened at once: fifty calls that are answered together are one moment. */
  readonly times?: number;
  /** Milliseconds that a wait took until `at`, or that a fault lasts from `at` on. */
  readonly lasts?: number;
  /** A token arrived here. */
  readonly token?: TokenLife;
}

export interface TokenLife {
  readonly generation: number;
  /** Epoch milliseconds, like the next member: when the keep renews it at the latest. */
  readonly dueAt: number;
  readonly expiresAt: number;
}

export const SERVERS = "servers";

/** One line of the score: the servers together, or one keep of one tab. */
export function laneOf({ by, lane }: Moment): string {
  return lane === SERVERS ? SERVERS : `${by}/${lane}`;
}

/** Milliseconds for which a moment is remembered. A lane's current token is remembered longer. */
const REMEMBERED = 4 * 60_000;

/** All moments that this tab knows, in the order in which it heard of them. */
export class Chronicle {
  #moments: readonly Moment[] = [];
  readonly #listeners = new Set<(moment: Moment) => void>();

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  add(moment: Moment): void {
    const living = new Map(
      this.#moments
        .filter(({ token }) => token !== undefined)
        .map((known) => [laneOf(known), known]),
    );
    const remembered = this.#moments.filter(
      (known) => known.at >= moment.at - REMEMBERED || living.get(laneOf(known)) === known,
    );
    this.#moments = [...remembered, moment];
    for (const listener of this.#listeners) listener(moment);
  }

  /** Removes the lanes of a tab that has closed. What it did to the servers stays. */
  forget(tab: string): void {
    this.#moments = this.#moments.filter(({ by, lane }) => by !== tab || lane === SERVERS);
  }

  onMoment(listener: (moment: Moment) => void): void {
    this.#listeners.add(listener);
  }
}
