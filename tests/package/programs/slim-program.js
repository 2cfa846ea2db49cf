// As program.js, with the wasm read from the package's own file.

import { readFile } from "node:fs/promises";
import { createTokenKeep } from "tokenkeep/slim";
import { exerciseClient } from "./client.js";
import { outcomes } from "./outcomes.js";

const at = process.argv[2] ?? "";
const wasm = await readFile(new URL(import.meta.resolve("tokenkeep/client.wasm")));
const slim = () => exerciseClient((options) => createTokenKeep({ ...options, wasm }), at);
console.log(JSON.stringify(await outcomes({ slim })));
