// Loads the chunks of an entry point: what an option or a call alone needs. It lies here because
// its paths stand in the bundles as they are.

/** For `private_key_jwt`. */
export const loadAssertion = () => import("./assertion.js");

/** For `tokenkeep/service` without `tokenEndpoint`. */
export const loadDiscovery = () => import("./service-discovery.js");

/** For a token that an API refuses to `tokenkeep/service`. */
export const loadRetry = () => import("./service-retry.js");

/** For `tokenkeep/introspection` without `endpoint`, or without the `jwksUri` of its answers. */
export const loadMetadata = () => import("./introspection-discovery.js");

/** For `answer: { jwt }` of `tokenkeep/introspection`. */
export const loadSignedAnswers = () => import("./signed-answers.js");

/** For `shared` of `tokenkeep/service`. */
export const loadStore = () => import("./service-store.js");

/** For `onBehalfOf` of `tokenkeep/service`. */
export const loadUsers = () => import("./service-users.js");

/** For the logout tokens that come to `tokenkeep/mediator`. */
export const loadBackchannel = () => import("./mediator-backchannel.js");

/** For `sealedCookies`. */
export const loadSealed = () => import("./mediator-sealed.js");
