// The entry point `tokenkeep/logout`: an identity provider tells that a session has ended (OpenID
// Connect Back-Channel Logout 1.0). It loads no wasm of its own: the verifier of `tokenkeep/edge`
// reads the tokens, and its errors are those of `tokenkeep/edge`.

export { logoutReceiver } from "./logout/receiver.js";
export { type LogoutOptions, type LogoutToken, verifyLogoutToken } from "./logout/verify.js";
