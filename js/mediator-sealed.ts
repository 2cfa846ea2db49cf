// What `tokenkeep/mediator` loads for `sealedCookies`.

export { cookieSessions } from "./mediator/sessions/sealed-cookies.js";
