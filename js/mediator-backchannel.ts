// What `tokenkeep/mediator` loads when a provider tells of a logout: the receiver of
// `tokenkeep/logout`, which nobody else needs.

export { receiverFor } from "./mediator/backchannel.js";
