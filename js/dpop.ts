// A chunk of the client, not an entry point: `tokenkeep` loads it where the option `dpop` is on.

export { Prover } from "./client/dpop.js";

export const loadKeys = () => import("./dpop-key.js");
