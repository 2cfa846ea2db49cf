// Runs in Node, Bun and Deno: `<runtime> program.js <address of the cell>`. Prints what came of
// each entry, and ends by itself.

import { createTokenKeep, TokenKeepError } from "tokenkeep";
import { createVerifier } from "tokenkeep/edge";
import * as testing from "tokenkeep/testing";
import { exerciseClient, exerciseDpop, exerciseTesting } from "./client.js";
import { importAll } from "./entries.js";
import { outcomes } from "./outcomes.js";
import { exerciseRedis } from "./redis.js";
import { serverWorks } from "./servers.js";

const at = process.argv[2] ?? "";
const seen = await outcomes({
  imports: importAll,
  client: () => exerciseClient(createTokenKeep, at),
  dpop: () => exerciseDpop(createTokenKeep, `${at}/~dpop`),
  ...serverWorks(at),
  redis: () => exerciseRedis(at),
  testing: () => exerciseTesting(testing, { TokenKeepError, createVerifier }),
});
console.log(JSON.stringify(seen));
