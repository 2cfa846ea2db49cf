// What `tokenkeep/service` loads for the option `shared`: the store that isolates or processes
// share, for the service's own tokens.

export { sharing } from "./service/shared.js";
