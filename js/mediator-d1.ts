// What `tokenkeep/mediator` loads for `d1Sessions`.

export { storeIn } from "./mediator/sessions/d1-store.js";
