// Lets contestants take turns: in each round each of them does the same work once, in another order
// each time. The result is the time of an operation, round by round.

export interface Effort {
  readonly rounds: number;
  /** Rounds that are not counted: JavaScript and wasm get fast only after some thousand calls. */
  readonly warmUp: number;
  /** The part of the usual work that a turn does. */
  readonly share: number;
}

export const WHOLE: Effort = { rounds: 7, warmUp: 4, share: 1 };
export const QUICK: Effort = { rounds: 3, warmUp: 1, share: 0.3 };

/** The contestant that does nothing. Where it takes part, its time is taken off the others'. */
export const NOTHING = "nothing";

export interface Contest {
  readonly names: readonly string[];
  /** Operations of a turn, one number for all or one by contestant. */
  readonly each: number | ((who: string) => number);
  /** Microseconds. */
  readonly clock: () => number;
  readonly turn: (who: string, round: number) => Promise<unknown>;
  /**
   * A turn without an operation. Its time is taken off each turn, for contests in which the numbers
   * of operations differ.
   */
  readonly empty?: () => Promise<unknown>;
}

/** Microseconds of an operation, by contestant, for each round. */
export type Rounds = Readonly<Record<string, readonly number[]>>;

/**
 * The order of a round: forwards, then backwards, then beginning with the next one. So no
 * contestant always pays for the garbage of the same other.
 */
export function orderOf(names: readonly string[], round: number): readonly string[] {
  const first = Math.floor(round / 2) % names.length;
  const forwards = [...names.slice(first), ...names.slice(0, first)];
  return round % 2 === 0 ? forwards : forwards.toReversed();
}

export async function hold(
  { names, each, clock, turn, empty }: Contest,
  { rounds, warmUp }: Effort,
): Promise<Rounds> {
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  const timeOf = async (work: () => Promise<unknown>) => {
    const began = clock();
    await work();
    return clock() - began;
  };
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const who of orderOf(names, round)) {
      const fixed = empty === undefined ? 0 : await timeOf(empty);
      const time = (await timeOf(() => turn(who, round))) - fixed;
      if (round >= warmUp)
        times.get(who)?.push(time / (typeof each === "number" ? each : each(who)));
    }
  }
  return Object.fromEntries(times);
}
