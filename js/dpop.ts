// A chunk of the client, not an entry point: `tokenkeep` loads it where the option `dpop` is on.

export { proverOf } from "./client/dpop.js";
