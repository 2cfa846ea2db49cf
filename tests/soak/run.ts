// The long run: a day of a user in Chromium with each host, and a million guarded requests in
// workerd. Alone: npm run soak, or npm run soak -- --hours 2 --requests 100000

import { parseArgs } from "node:util";
import { liveADay } from "./day.ts";
import { assertLevel } from "./memory.ts";
import { guardedRequests } from "./million.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "24" },
    requests: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
});
const [hours, requests, seed] = [values.hours, values.requests, values.seed].map(Number);
if (!hours || !requests || !seed) throw new TypeError("--hours, --requests and --seed are numbers");

const MEGABYTE = 1_048_576;

for (const host of ["page", "dedicated", "shared"] as const) {
  const day = await liveADay(host, hours, seed);
  console.log(`${host}: ${day.calls} calls, ${day.refused} refused, ${day.refreshes} refreshes`);
  console.log(`  none of ${day.tokens} tokens in ${day.searched} heaps after the logout`);
  console.log(`  ${assertLevel("heaps and wasm", day.memory, MEGABYTE)}`);
}
const { counts, fetches, memory, tokens } = await guardedRequests(requests, seed);
console.log(`workerd: ${requests} requests, ${fetches} fetches of the key set`);
for (const [name, count] of Object.entries(counts).sort()) console.log(`  ${name}, ${count} times`);
console.log(`  of ${tokens} tokens only the last in the heap and in the wasm`);
console.log(`  ${assertLevel("heap", memory, MEGABYTE)}`);
