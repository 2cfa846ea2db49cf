// What `tokenkeep/mediator` loads with the first sign-in: the endpoints that a browser goes to, and
// that answer with a redirect.

export { callback } from "./mediator/callback.js";
export { end, ended } from "./mediator/ending.js";
export { signIn } from "./mediator/sign-in.js";
