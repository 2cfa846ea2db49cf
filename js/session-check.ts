// What `tokenkeep/mediator` loads for `checkSessionStore`, which tests alone call.

export { checkStore } from "./mediator/sessions/checks.js";
