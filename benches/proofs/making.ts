// How long a page of Chromium takes to make a proof, beside panva/dpop, and what proofs add to
// `keep.fetch`. The time is that of all of Chromium's processes together.

import { bundled, launch, pageOf, sends, serve } from "../chromium.ts";
import { type Effort, hold, type Rounds } from "../contest.ts";

export const MAKERS = [
  "nothing",
  "signature alone",
  "panva/dpop",
  "tokenkeep",
  "keep.fetch",
  "keep.fetch with proofs",
] as const;
export type Maker = (typeof MAKERS)[number];

const EACH = 400;

export interface Making {
  readonly processor: Rounds;
  readonly wall: Rounds;
}

/** Microseconds of a proof, or of a request. */
export async function measureMaking(effort: Effort): Promise<Making> {
  const script = await bundled("./proofs/page.ts");
  const site = await serve({
    "/": sends("text/html", pageOf("/page.js")),
    "/page.js": sends("text/javascript", script),
  });
  const chromium = await launch();
  try {
    const page = await (await chromium.browser.newContext()).newPage();
    await page.goto(site.origin);
    await page.waitForFunction(() => "makers" in globalThis);
    await chromium.settle();
    const wall: Record<string, number[]> = Object.fromEntries(MAKERS.map((who) => [who, []]));
    const turn = async (who: string) => {
      const took = await page.evaluate(([who, times]) => makers.turn(who, times), [
        who as Maker,
        EACH,
      ] as const);
      wall[who]?.push(took / EACH);
    };
    const processor = await hold(
      { names: MAKERS, each: EACH, clock: chromium.clock, turn },
      effort,
    );
    // The wall clock's rounds too leave out those that warm up.
    const counted = Object.entries(wall).map(([who, times]) => [who, times.slice(effort.warmUp)]);
    return { processor, wall: Object.fromEntries(counted) as Rounds };
  } finally {
    await chromium.close();
    await site.close();
  }
}
