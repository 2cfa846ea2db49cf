// How `tokenkeep/mediator` reads its options, in a file of its own.

export { invalidOption, MediatorError } from "./mediator/error.js";
export { readSettings } from "./mediator/settings.js";
export { having, isText, listOf, members, oneOf, read, secret } from "./shared/options.js";
