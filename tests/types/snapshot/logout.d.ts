export { logoutReceiver } from "./logout/receiver.js";
export { type LogoutOptions, type LogoutToken, verifyLogoutToken } from "./logout/verify.js";
