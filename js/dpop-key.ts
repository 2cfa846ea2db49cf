// A chunk of the client, not an entry point: it is loaded where `dpop.key` is "origin".

export { OriginKeys } from "./client/dpop-key.js";
