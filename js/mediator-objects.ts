// The sessions in Durable Objects of `tokenkeep/mediator`, in a file of their own.

export { durableSessions, SessionObject } from "./mediator/sessions/durable.js";
