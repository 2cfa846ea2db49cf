// What `tokenkeep/service` loads when an API refuses a token, and for requests that have to be
// copied in case it does.

export { answerAfter, copyOf } from "./service/retry.js";
