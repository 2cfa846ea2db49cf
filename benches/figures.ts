// The measured figures, by contest and contestant. They lie in build/bench/ until the report is
// written. A missing figure is an error, because nobody would see the hole in a report.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { differenceOf, type Measure, measureOf, median, ratioOf } from "./arithmetic.ts";
import { NOTHING, type Rounds } from "./contest.ts";

/** The rounds of every contest of a group. */
export type Contests = Readonly<Record<string, Rounds>>;

export class Figures {
  readonly #contests: Contests;

  constructor(contests: Contests) {
    this.#contests = contests;
  }

  names(contest: string): readonly string[] {
    return Object.keys(this.#of(contest)).filter((name) => name !== NOTHING);
  }

  /** The rounds' middle, without the cost of measuring. */
  value(contest: string, name: string): Measure {
    const { value, low, high } = measureOf(this.#rounds(contest, name));
    const nothing = this.#nothing(contest);
    return {
      value: Math.max(0, value - nothing),
      low: Math.max(0, low - nothing),
      high: Math.max(0, high - nothing),
    };
  }

  ratio(contest: string, name: string, reference: string): Measure {
    return ratioOf(
      this.#rounds(contest, name),
      this.#rounds(contest, reference),
      this.#nothing(contest),
    );
  }

  /** What `name` takes beyond the reference. */
  difference(contest: string, name: string, reference: string): Measure {
    return differenceOf(this.#rounds(contest, name), this.#rounds(contest, reference));
  }

  #of(contest: string): Rounds {
    const found = this.#contests[contest];
    if (found === undefined) throw new Error(`nothing was measured of ${contest}`);
    return found;
  }

  #rounds(contest: string, name: string): readonly number[] {
    const found = this.#of(contest)[name];
    if (found === undefined) throw new Error(`${name} has no figure in ${contest}`);
    return found;
  }

  #nothing(contest: string): number {
    const rounds = this.#of(contest)[NOTHING];
    return rounds === undefined ? 0 : median(rounds);
  }
}

const folder = (quick: boolean) =>
  fileURLToPath(new URL(`../build/bench/${quick ? "quick" : "whole"}/`, import.meta.url));

export function keep(group: string, contests: Contests, quick: boolean): void {
  mkdirSync(folder(quick), { recursive: true });
  writeFileSync(`${folder(quick)}${group}.json`, JSON.stringify(contests));
}

/** The figures of these groups' last runs. */
export function recall(groups: readonly string[], quick: boolean): Figures {
  const all = groups.map((group) => {
    const path = `${folder(quick)}${group}.json`;
    if (!existsSync(path))
      throw new Error(
        `${group} was not measured yet: npm run bench -- ${group}${quick ? " --quick" : ""}`,
      );
    return JSON.parse(readFileSync(path, "utf8")) as Contests;
  });
  return new Figures(Object.assign({}, ...all) as Contests);
}
