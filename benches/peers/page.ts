// The peers' packages that send authorised calls in a page.

export { create as createAxios } from "axios";
export { createAuthRefresh } from "axios-auth-refresh";
export { default as supertokens } from "supertokens-website";
