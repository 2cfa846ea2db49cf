// A program that exercises `tokenkeep/testing` in a runtime and prints what it saw. Its two words
// are the addresses of dist/testing.js and dist/edge.js.

import { exercise } from "./exercise.mjs";

const [testing = "", edge = ""] = process.argv.slice(2);
console.log(JSON.stringify(await exercise(await import(testing), await import(edge))));
