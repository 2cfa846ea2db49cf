// A short form of the verification group, to try a change to the verifier: small tokens, new ones
// and one that comes again, in Node and in workerd, compared with bars. It exists because the whole
// group takes minutes. It fails when a bar is missed. Alone, after a build: `npm run bench:verify`.

import { WHOLE } from "./contest.ts";
import { Figures } from "./figures.ts";
import { measureVerification } from "./groups/verification.ts";
import { contestOf, type Kind } from "./names.ts";
import { withSpread } from "./report/tables.ts";
import { ALGORITHMS } from "./verify/field.ts";

/** Parts of jose's time, in workerd. */
const BARS = { RS256: 0.8, ES256: 0.95, EdDSA: 0.95, repeated: 0.1 };
const PLACES = ["node", "workerd"] as const;
const KINDS: readonly Kind[] = ["distinct", "repeated"];

const figures = new Figures(await measureVerification(WHOLE, PLACES, KINDS));
const missed: string[] = [];
console.log(
  `µs of processor time of jose, and the others' part of it; medians of ${WHOLE.rounds} rounds\n`,
);
for (const alg of ALGORITHMS) {
  for (const place of PLACES) {
    for (const kind of KINDS) {
      const contest = contestOf(place, alg, kind);
      const cells = figures
        .names(contest)
        .map(
          (name) =>
            `${name} ${withSpread(name === "jose" ? figures.value(contest, name) : figures.ratio(contest, name, "jose"))}`,
        );
      console.log(`${contest}: ${cells.join(", ")}`);
      const { value } = figures.ratio(contest, "tokenkeep", "jose");
      const bar = kind === "repeated" ? BARS.repeated : BARS[alg];
      if (place === "workerd" && value > bar)
        missed.push(`${contest}: ${value.toFixed(2)} of jose's time, the bar is ${bar}`);
    }
  }
}
if (missed.length > 0) {
  console.error(`\n${missed.join("\n")}`);
  process.exitCode = 1;
}
