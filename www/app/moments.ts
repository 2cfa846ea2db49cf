// What happened, in moments: the one record that the list and the score are drawn from. This tab
// makes moments of its own and hears those of its siblings; a moment says what and when, and never
// holds a token.

/** What a moment stands for on the page: its glyph, its colour, its weight. */
export type Kind =
  | "step" // of the engine, between the others
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
  /** How often at once: fifty calls answered together are one moment. */
  readonly times?: number;
  /** Milliseconds: what a wait took up to `at`, or how long a fault lasts from then on. */
  readonly lasts?: number;
  /** A token began its life here. */
  readonly token?: TokenLife;
}

export interface TokenLife {
  readonly generation: number;
  /** Epoch milliseconds, as is the next: when the keep renews it at the latest. */
  readonly dueAt: number;
  readonly expiresAt: number;
}

export const SERVERS = "servers";

/** One line of the score: the servers together, or one keep of one tab. */
export function laneOf({ by, lane }: Moment): string {
  return lane === SERVERS ? SERVERS : `${by}/${lane}`;
}

/**
 * Milliseconds for which a moment is remembered. The token that a lane lives on is remembered
 * longer.
 */
const REMEMBERED = 4 * 60_000;

/** All that this tab knows to have happened, in the order in which it heard. */
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

  /** The tab has closed: its lanes go. What it did to the servers stays. */
  forget(tab: string): void {
    this.#moments = this.#moments.filter(({ by, lane }) => by !== tab || lane === SERVERS);
  }

  onMoment(listener: (moment: Moment) => void): void {
    this.#listeners.add(listener);
  }
}
