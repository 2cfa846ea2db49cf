// The sessions in D1 of `tokenkeep/mediator`, in a file of their own.

export { d1Sessions } from "./mediator/sessions/d1.js";
