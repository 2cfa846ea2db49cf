// `checkSessionStore` of `tokenkeep/mediator`, in a file of its own.

export { checkSessionStore } from "./mediator/sessions/check.js";
