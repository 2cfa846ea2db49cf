// What `tokenkeep/service` loads without the option `tokenEndpoint`: the authorization server's
// metadata say where tokens come from.

export { metadataOf } from "./service/discovery.js";
