// What `tokenkeep/introspection` loads where its options don't name the issuer's endpoint, or where
// the keys of its signed answers are: the issuer's metadata do.

export { metadataOf } from "./introspection/metadata.js";
