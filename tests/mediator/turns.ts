// Ten refreshes at once, again and again, of ten sessions that take their turns at the same time:
// what each store has to stand.

import assert from "node:assert/strict";
import { type Browser, bodyOf, errorIn } from "./browser.ts";
import type { FaultyProvider } from "./faulty-provider.ts";

export const SESSIONS = 10;
export const TURNS = 20;
/** Beyond the time in which a token is handed out again, and the minute of the limit. */
export const LATER = 61_000;

/**
 * @param doors browsers of two isolates or processes, without cookies
 * @param advance moves the mediators' time
 */
export async function takeTurns(
  doors: readonly [Browser, Browser],
  provider: FaultyProvider,
  advance: () => Promise<void>,
): Promise<void> {
  provider.rotates = true;
  const [one, other] = doors;
  const pairs: [Browser, Browser][] = [];
  for (let count = 0; count < SESSIONS; count += 1) {
    const [here, there] = count % 2 ? [one.copy(), other.copy()] : [other.copy(), one.copy()];
    const request = await here.begin();
    // It ends at the other one, as behind a load balancer.
    for (const [name, cookie] of here.jar) there.jar.set(name, cookie);
    const back = await there.navigate(`callback?${provider.agree(request)}`, "cross");
    assert.equal(errorIn(back), "in");
    here.jar.clear();
    for (const [name, cookie] of there.jar) here.jar.set(name, cookie);
    pairs.push([here, there]);
  }
  for (let turn = 0; turn < TURNS; turn += 1) {
    await advance();
    await Promise.all(
      pairs.map(async (pair) => {
        const calls = Array.from({ length: 10 }, (_, place) => pair[place % 2]!.refresh());
        const answers = await Promise.all(calls);
        assert.deepEqual(
          answers.map(({ status }) => status),
          Array(10).fill(200),
        );
        const tokens = await Promise.all(answers.map(bodyOf));
        assert.equal(new Set(tokens.map(({ access_token }) => access_token)).size, 1);
      }),
    );
  }
  assert.equal(provider.refreshes, SESSIONS * TURNS, "one call for each ten");
  for (const [here] of pairs) assert.equal((await here.refresh()).status, 200, "none is lost");
}
