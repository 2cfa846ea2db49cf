// What `tokenkeep/mediator` loads for `durableSessions`, and in its objects.

export { carryOut, forget, storeIn } from "./mediator/sessions/objects.js";
