// Runs in Node, Bun and Deno: `<runtime> program.js <address of the cell>`. Prints what came of each half, and ends by itself.

import { createTokenKeep } from "tokenkeep";
import { createVerifier } from "tokenkeep/edge";
import { exerciseClient, exerciseEdge, outcomes } from "./exercise.js";

const at = process.argv[2] ?? "";
console.log(
  JSON.stringify(
    await outcomes({
      client: () => exerciseClient(createTokenKeep, at),
      edge: () => exerciseEdge(createVerifier, at),
    }),
  ),
);
