// A chunk of the client, not an entry point: it is loaded in place of `dpop.js` where `dpop.key` is
// "origin".

export { proverByName as proverOf } from "./client/dpop-key.js";
