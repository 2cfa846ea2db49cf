// What `tokenkeep/introspection` loads for the first answer that is signed.

export { readingOf } from "./introspection/signed.js";
